"""A partner that answers wrongly, slowly or not at all, and secrets that are not told."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from integration_monitor.manifest.domain import (
    BearerAuth,
    Reference,
    RequestTemplate,
)
from integration_monitor.manifest.domain import Partner as PartnerAddress
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError
from integration_monitor_tests.observe import partner as faults
from integration_monitor_tests.observe.partner import Fault, Partner, running_partner
from integration_monitor_tests.observe.readings import NOW, Sleeps, reading
from integration_monitor_tests.observe.rest_side_examples import (
    ACME,
    AT,
    CONTACTS,
    HOUR,
    LIST,
    crm,
    everything,
    minutes,
    opened,
)


@pytest.mark.parametrize(
    ("fault", "kind", "told", "requests"),
    [
        (faults.says(401), "auth", "401", 1),
        (faults.says(403), "permission", "403", 1),
        (faults.says(403, headers={"X-RateLimit-Remaining": "0"}), "rate_limited", "403", 4),
        (faults.says(404), "not_found", "404", 1),
        (faults.says(422), "bad_request", "422", 1),
        (faults.says(429), "rate_limited", "429", 4),
        (faults.says(500), "server", "500", 4),
        (faults.html, "bad_response", "HTML", 1),
        (faults.truncated_json, "bad_response", "broken JSON", 1),
        (faults.says(200, ""), "bad_response", "nothing", 1),
        (faults.says(200, "[" * 100_000), "bad_response", "broken JSON", 1),
        (faults.says(200, "{}"), "bad_response", "no list of records at `results`", 1),
        (faults.says(200, '{"results": "x"}'), "bad_response", "no list of records", 1),
        (faults.says(200, "x" * 99, {"Content-Encoding": "gzip"}), "bad_response", "unpacked", 1),
        (faults.cut_off, "network", "RemoteProtocolError", 4),
        (faults.redirects("https://elsewhere.example/x"), "config", "elsewhere.example", 1),
        (faults.redirects("/contacts/search", 308), "config", "more than 3 times", 4),
        (faults.redirects("/contacts/search", 302), "config", "loses its body", 1),
    ],
)
def test_a_fault_is_told_by_its_kind(
    partner: Partner, given: Reading, fault: Fault, kind: str, told: str, requests: int
) -> None:
    partner.always = fault
    with pytest.raises(ReadError) as caught:
        everything(opened(partner, given))
    assert caught.value.kind == kind
    assert told in str(caught.value)
    assert "/contacts/search" in str(caught.value)
    assert "token-acme" not in str(caught.value)
    assert len(partner.requests) == given.budget.used == requests


def test_one_tenants_dead_token_is_told_with_its_tenant(partner: Partner, given: Reading) -> None:
    beta = Connection("beta", {"token": "token-dead"})
    with pytest.raises(ReadError, match="for tenant beta answered 401") as caught:
        everything(opened(partner, given, connection=beta))
    assert caught.value.kind == "auth"
    assert everything(opened(partner, given)) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    "fault", [faults.says(500), faults.says(429), faults.cut_off, faults.says(408)]
)
def test_a_passing_fault_is_ridden_out(partner: Partner, given: Reading, fault: Fault) -> None:
    partner.faults.extend([fault, fault])
    assert len(everything(opened(partner, given))) == 5
    assert given.budget.used == 5


@pytest.mark.parametrize(
    ("hint", "waits"),
    [
        ("2.0", [2.0]),
        ("Sun, 01 Mar 2026 12:00:07 GMT", [7.0]),
        ("0", [0.25]),
        ("-1", [0.25]),
        ("Sun, 01 Mar 2026 11:00:00 GMT", [0.25]),
        ("tomorrow", [0.25]),
        ("inf", [0.25]),
    ],
)
def test_retry_after_is_honoured_or_backed_off(
    partner: Partner, hint: str, waits: list[float]
) -> None:
    sleeps = Sleeps()
    partner.faults.append(faults.says(429, headers={"Retry-After": hint}))
    # Our clock is an hour off: a date counts from the response's own.
    with reading(sleeps=sleeps, now=NOW + HOUR) as given:
        everything(opened(partner, given))
    assert sleeps.seconds == waits


def test_a_wait_over_the_budget_is_passed_on(partner: Partner) -> None:
    sleeps = Sleeps()
    partner.always = faults.says(429, headers={"Retry-After": "6"})
    with reading(sleeps=sleeps, wait_budget=10) as given, pytest.raises(ReadError) as caught:
        everything(opened(partner, given))
    assert caught.value.kind == "rate_limited"
    assert "it asks to wait 6 s" in str(caught.value)
    assert sleeps.seconds == [6.0]


def test_backing_off_takes_longer_each_time(partner: Partner) -> None:
    sleeps = Sleeps()
    partner.always = faults.says(503)
    with reading(sleeps=sleeps) as given, pytest.raises(ReadError):
        everything(opened(partner, given))
    assert sleeps.seconds == [0.25, 0.5, 1.0]


@pytest.mark.parametrize("fault", [faults.hangs, faults.drips])
def test_a_hanging_partner_is_given_up_on(partner: Partner, fault: Fault) -> None:
    partner.always = fault
    with reading(request_timeout=0.2) as given, pytest.raises(ReadError) as caught:
        everything(opened(partner, given))
    assert caught.value.kind == "timeout"
    assert "0.2 s" in str(caught.value)


@pytest.mark.parametrize("fault", [faults.hangs, faults.drips])
def test_no_request_outlasts_the_deadline(partner: Partner, fault: Fault) -> None:
    partner.always = fault
    with reading(deadline=0.3) as given, pytest.raises(ReadError) as caught:
        everything(opened(partner, given))
    assert caught.value.kind == "deadline"


def test_a_body_without_end_is_not_kept(
    partner: Partner, given: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration_monitor.observe.http_exchange.LARGEST", 1024 * 1024)
    partner.always = faults.says(200, " " * (2 * 1024 * 1024))
    with pytest.raises(ReadError, match="more than 1 MB"):
        everything(opened(partner, given))


def test_the_budget_ends_the_reading(partner: Partner) -> None:
    with reading(budget=2) as given, pytest.raises(ReadError) as caught:
        everything(opened(partner, given))
    assert caught.value.kind == "budget"
    assert len(partner.requests) == 2


def test_a_partner_that_is_away_is_a_network_error(given: Reading) -> None:
    with running_partner() as gone:
        pass
    with pytest.raises(ReadError) as caught:
        everything(opened(gone, given))
    assert caught.value.kind == "network"


def test_credentials_do_not_follow_a_redirect(partner: Partner, given: Reading) -> None:
    with running_partner() as elsewhere:
        partner.always = faults.redirects(f"{elsewhere.url}/contacts/search", 307)
        with pytest.raises(ReadError, match="another host"):
            everything(opened(partner, given))
        assert elsewhere.requests == []


def test_a_redirect_on_the_same_host_is_followed(partner: Partner, given: Reading) -> None:
    partner.faults.append(faults.redirects("/contacts/search", 307))
    assert len(everything(opened(partner, given))) == 5


# --- what is not set, and what must not be told ---


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"auth": BearerAuth(Reference("UNSET"))}, "environment variable UNSET is not set"),
        ({"auth": BearerAuth("{connection.secret}")}, "has no `secret`"),
        ({"partner": None}, "base_url"),
        ({"partner": PartnerAddress(Reference("UNSET"))}, "UNSET is not set"),
        ({"partner": PartnerAddress("crm.example")}, "not an http"),
    ],
)
def test_what_is_not_set_is_told(
    partner: Partner, given: Reading, change: dict[str, object], told: str
) -> None:
    integration = replace(crm(partner), **change)  # type: ignore[arg-type]
    with pytest.raises(ReadError, match=told) as caught:
        open_side(CONTACTS, integration, "source", ACME, given)
    assert caught.value.kind == "config"


def test_a_token_may_be_a_reference(partner: Partner, given: Reading) -> None:
    integration = replace(crm(partner), auth=BearerAuth(Reference("TOKEN")))
    side = open_side(CONTACTS, integration, "source", Connection("-"), given)
    (page, *_) = side.changed(minutes(0), minutes(1))
    assert page.records[0].tenant is None


@pytest.mark.parametrize("token", ["broken\r\nx-evil: 1", "träge", "a\x00b"])
def test_a_token_that_no_header_can_hold_is_not_quoted(
    partner: Partner, given: Reading, token: str
) -> None:
    with pytest.raises(ReadError) as caught:
        everything(opened(partner, given, connection=Connection("acme", {"token": token})))
    assert token not in str(caught.value)
    assert caught.value.kind == "config"
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_nothing_secret_is_logged(
    partner: Partner, given: Reading, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    request = RequestTemplate("GET", "/contacts", query={"key": "{connection.token}"})
    at = replace(AT, list=replace(LIST, request=request), pages=None, count=None)
    everything(opened(partner, given, at))
    assert partner.requests[0].query["key"] == ["token-acme"]
    assert "token-acme" not in caplog.text


def test_a_connection_that_cannot_be_used_says_why(partner: Partner, given: Reading) -> None:
    broken = Connection("beta", error=ReadError("config", "environment variable B is not set"))
    with pytest.raises(ReadError, match="B is not set"):
        opened(partner, given, connection=broken)
