from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from integration_monitor.manifest.domain import (
    BearerAuth,
    Count,
    Integration,
    ListRequest,
    LookupRequest,
    Owner,
    Reference,
    RequestTemplate,
    RestSide,
    Side,
)
from integration_monitor.manifest.domain import Partner as PartnerAddress
from integration_monitor.manifest.paging import CursorPages
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import OpenSide, Page, ReadError, Record, TooManyRecords
from integration_monitor_tests.observe import partner as faults
from integration_monitor_tests.observe.partner import Fault, Partner, contact, running_partner
from integration_monitor_tests.observe.readings import NOW, Sleeps, reading

ACME = Connection("acme", {"token": "token-acme"})
HOUR = timedelta(hours=1)
SEARCH = RequestTemplate(
    "POST",
    "/contacts/search",
    body={"since": "{since}", "until": "{until}", "after": "{cursor}"},
    headers={"x-account": "{connection.tenant}"},
)
READ = RequestTemplate("POST", "/contacts/read", body={"inputs": "{keys}"})
LIST = ListRequest(SEARCH, time="epoch_ms")
AT = RestSide(
    endpoint="contacts",
    list=LIST,
    lookup=LookupRequest(READ, batch=2),
    records="results",
    pages=CursorPages("paging.next.after"),
    count=Count("total"),
)
CONTACTS = Side(at=AT, key="id", updated_at="updated", tenant="portal")
SINGLE_READ = replace(AT, lookup=LookupRequest(RequestTemplate("GET", "/contacts/{keys}"), batch=1))


def minutes(number: float) -> datetime:
    return NOW - HOUR + timedelta(minutes=number)


@pytest.fixture
def partner() -> Iterator[Partner]:
    stocked = Partner()
    stocked.contacts["acme"] = [contact(str(n), minutes(n)) for n in range(5)]
    with running_partner(stocked) as served:
        yield served


@pytest.fixture
def given() -> Iterator[Reading]:
    with reading({"TOKEN": "token-acme"}) as opened:
        yield opened


def crm(partner: Partner) -> Integration:
    return Integration(
        "crm",
        Owner("Owner", "owner@example.com"),
        "crm.yaml",
        "CRM",
        partner=PartnerAddress(partner.url),
        auth=BearerAuth("{connection.token}"),
    )


def opened(
    partner: Partner, given: Reading, at: RestSide = AT, connection: Connection = ACME
) -> OpenSide:
    return open_side(replace(CONTACTS, at=at), crm(partner), "source", connection, given)


def keys(pages: Iterator[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def everything(side: OpenSide) -> list[str]:
    return keys(side.changed(minutes(0), minutes(60)))


# --- lists ---


def test_all_pages_are_followed(partner: Partner, given: Reading) -> None:
    assert everything(opened(partner, given)) == ["0", "1", "2", "3", "4"]
    assert [request.body.get("after") for request in partner.requests] == [None, "2", "4"]


def test_bounds_and_credentials_are_written_as_declared(partner: Partner, given: Reading) -> None:
    everything(opened(partner, given))
    first = partner.requests[0]
    assert first.body == {
        "since": str(int(minutes(0).timestamp() * 1000)),
        "until": str(int(minutes(60).timestamp() * 1000)),
    }
    assert first.headers["authorization"] == "Bearer token-acme"
    assert first.headers["x-account"] == "acme"


def test_records_are_filtered_again(partner: Partner, given: Reading) -> None:
    partner.page = 10
    partner.always = faults.says(
        200,
        '{"results": [{"id": 1, "updated": "2026-03-01T10:59:59Z"},'
        ' {"id": 2, "updated": "2026-03-01T11:00:00Z"}, {"id": 3, "updated": 1772366400000}]}',
    )
    assert everything(opened(partner, given)) == ["2"]


def test_malformed_records_are_told_by_their_key(partner: Partner, given: Reading) -> None:
    partner.contacts["acme"] = [
        contact("1", minutes(1)),
        contact(None, minutes(1), email="a@example.com"),
        contact("3", None),
        {"id": "4", "updated": "someday"},
    ]
    pages = list(opened(partner, given).changed(minutes(0), minutes(60)))
    assert keys(iter(pages)) == ["1"]
    assert [reason for page in pages for reason in page.malformed] == [
        "a record without a key at `id`",
        "3: no time at `updated`",
        "4: no time at `updated`",
    ]


def test_the_tenant_is_the_records_or_the_connections(partner: Partner, given: Reading) -> None:
    partner.contacts["acme"] = [
        contact("1", minutes(1), portal=77),
        contact("2", minutes(1)),
    ]
    (page,) = opened(partner, given).changed(minutes(0), minutes(60))
    assert page.records == (Record("1", minutes(1), "77"), Record("2", minutes(1), "acme"))


def test_where_leaves_records_out_of_lists_only(partner: Partner, given: Reading) -> None:
    partner.contacts["acme"] = [
        contact("1", minutes(1), plan="pro"),
        contact("2", minutes(2), plan="free"),
        contact("3", minutes(3)),
    ]
    side = open_side(replace(CONTACTS, where="plan == 'pro'"), crm(partner), "source", ACME, given)
    assert everything(side) == ["1"]
    found = {record.key: record.in_filter for record in side.lookup(["1", "2", "3"])}
    assert found == {"1": True, "2": False, "3": False}
    assert side.totals().records is None


def test_newest_first_stops_at_the_start(partner: Partner, given: Reading) -> None:
    newest = RequestTemplate("GET", "/contacts", query={"offset": "{cursor}", "limit": 2})
    at = replace(AT, list=replace(LIST, request=newest, mode="newest_first"))
    partner.contacts["acme"] = [contact(str(n), minutes(n)) for n in range(50)]
    side = opened(partner, given, at)
    assert keys(side.changed(minutes(46), minutes(49))) == ["48", "47", "46"]
    assert [request.query.get("offset") for request in partner.requests] == [None, ["2"], ["4"]]


def test_a_full_list_is_filtered_by_us(partner: Partner, given: Reading) -> None:
    whole = RequestTemplate("GET", "/contacts", query={"offset": "{cursor}"})
    at = replace(AT, list=replace(LIST, request=whole, mode="full"))
    assert keys(opened(partner, given, at).changed(minutes(1), minutes(3))) == ["2", "1"]
    assert len(partner.requests) == 3


@pytest.mark.parametrize("count", [Count("total"), None])
def test_a_query_over_the_partners_limit_is_to_be_halved(
    partner: Partner, given: Reading, count: Count | None
) -> None:
    at = replace(AT, list=replace(LIST, max_results=4), count=count)
    with pytest.raises(TooManyRecords):
        everything(opened(partner, given, at))
    assert len(partner.requests) == (1 if count else 2)
    assert keys(opened(partner, given, at).changed(minutes(0), minutes(3))) == ["0", "1", "2"]


def test_the_next_page_may_be_an_address(partner: Partner, given: Reading) -> None:
    at = replace(
        AT,
        list=replace(LIST, request=RequestTemplate("GET", "/contacts")),
        pages=CursorPages("following"),
    )
    page = '{"results": [{"id": %d, "updated": 1772366000000}], "following": %s}'
    partner.faults.append(faults.says(200, page % (1, f'"{partner.url}/contacts?page=2"')))
    partner.faults.append(faults.says(200, page % (2, '"/contacts?page=3"')))
    partner.faults.append(faults.says(200, page % (3, "null")))
    assert everything(opened(partner, given, at)) == ["1", "2", "3"]
    assert [request.query for request in partner.requests] == [
        {}, {"page": ["2"]}, {"page": ["3"]},
    ]  # fmt: skip
    assert {request.headers["authorization"] for request in partner.requests} == {
        "Bearer token-acme"
    }


def test_the_next_page_is_not_fetched_from_elsewhere(partner: Partner, given: Reading) -> None:
    at = replace(
        AT,
        list=replace(LIST, request=RequestTemplate("GET", "/contacts")),
        pages=CursorPages("following"),
    )
    with running_partner() as elsewhere:
        body = f'{{"results": [], "following": "{elsewhere.url}/contacts"}}'
        partner.always = faults.says(200, body)
        with pytest.raises(ReadError, match="another host"):
            everything(opened(partner, given, at))
        assert elsewhere.requests == []


def test_an_endless_cursor_is_noticed(partner: Partner, given: Reading) -> None:
    partner.always = faults.endless_cursor
    with pytest.raises(ReadError, match="endless") as caught:
        everything(opened(partner, given))
    assert caught.value.kind == "bad_response"
    assert len(partner.requests) == 2


# --- look-ups ---


def test_look_ups_come_in_batches(partner: Partner, given: Reading) -> None:
    found = [record.key for record in opened(partner, given).lookup(["0", "1", "9", "1", "3"])]
    assert found == ["0", "1", "3"]
    assert [request.body["inputs"] for request in partner.requests] == [["0", "1"], ["9", "3"]]


def test_a_single_record_that_is_not_there_is_absent(partner: Partner, given: Reading) -> None:
    partner.faults.extend([None, None, faults.says(410)])
    found = [record.key for record in opened(partner, given, SINGLE_READ).lookup(["1", "9", "2"])]
    assert found == ["1"]
    assert partner.paths == ["/contacts/1", "/contacts/9", "/contacts/2"]


def test_a_batch_that_is_not_there_is_an_error(partner: Partner, given: Reading) -> None:
    partner.always = faults.says(404)
    with pytest.raises(ReadError) as caught:
        list(opened(partner, given).lookup(["1", "2"]))
    assert caught.value.kind == "not_found"


@pytest.mark.parametrize(
    "body",
    [
        '{"results": [{"ident": 1}]}',
        '{"results": [{"id": 1, "updated": "someday"}]}',
        '{"results": {"id": 1}}',
        '{"results": null}',
        "[]",
    ],
)
def test_a_look_up_that_is_not_understood_finds_no_absence(
    partner: Partner, given: Reading, body: str
) -> None:
    partner.always = faults.says(200, body)
    with pytest.raises(ReadError) as caught:
        list(opened(partner, given).lookup(["1"]))
    assert caught.value.kind == "bad_response"


def test_a_null_in_a_look_up_is_an_absence(partner: Partner, given: Reading) -> None:
    partner.always = faults.says(200, '{"results": [null, {"id": 2}, {"id": 3}]}')
    assert list(opened(partner, given).lookup(["1", "2"])) == [Record("2", None, "acme")]


# --- clock and totals ---


def test_the_partners_clock_is_asked_once(partner: Partner, given: Reading) -> None:
    partner.clock = NOW + timedelta(minutes=5)
    side = opened(partner, given)
    assert side.now() == side.now() == NOW + timedelta(minutes=5)
    assert len(partner.requests) == 1


def test_any_answer_tells_the_partners_clock(partner: Partner, given: Reading) -> None:
    partner.clock = NOW - timedelta(minutes=5)
    side = opened(partner, given)
    list(side.lookup(["1"]))
    assert side.now() == NOW - timedelta(minutes=5)
    assert len(partner.requests) == 1


def test_a_partner_without_a_clock_has_ours(partner: Partner, given: Reading) -> None:
    partner.clock = None
    assert opened(partner, given).now() == NOW


def test_totals_are_the_partners_count(partner: Partner, given: Reading) -> None:
    assert opened(partner, given).totals().records == 5
    assert len(partner.requests) == 1
    assert opened(partner, given, replace(AT, count=None)).totals().records is None


# --- faults ---


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
