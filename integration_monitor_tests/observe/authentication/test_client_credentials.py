"""OAuth 2 client credentials: tokens that are fetched once, expire, and are refused."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from integration_monitor.observe.limits import Budget, HostLimits
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError
from integration_monitor_tests.observe.authentication.guarded import (
    ENVIRON,
    KEYS,
    SECRET,
    USER,
    Answer,
    Grant,
    Guarded,
    Received,
    read,
    running,
)
from integration_monitor_tests.observe.authentication.kinds import OAUTH, TokenServer
from integration_monitor_tests.observe.memory import Clock
from integration_monitor_tests.observe.readings import NOW, Sleeps, reading


@pytest.fixture
def given() -> Iterator[Reading]:
    with reading(ENVIRON) as opened:
        yield opened


@pytest.fixture
def server() -> TokenServer:
    return TokenServer()


@pytest.fixture
def partner(server: TokenServer) -> Iterator[Guarded]:
    with running(Guarded(server.accepts, server.grant)) as started:
        yield started


def granting(body: str, status: int = 200) -> Grant:
    return lambda _: Answer(status, body)


def test_one_token_serves_all_pages_and_sides(partner: Guarded, given: Reading) -> None:
    assert read(partner, OAUTH, given) == KEYS
    assert read(partner, OAUTH, replace(given, budget=Budget(10))) == KEYS
    (asked,) = partner.token_requests
    assert asked.form == {"grant_type": ["client_credentials"], "scope": ["read write"]}
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert given.budget.used == 4


def test_the_client_may_stand_in_the_body(
    partner: Guarded, server: TokenServer, given: Reading
) -> None:
    server.in_body = True
    auth = OAUTH.replace("scope: read write", "client_auth: post, parameters: {audience: 'a b&c'}")
    assert read(partner, auth, given) == KEYS
    (asked,) = partner.token_requests
    assert "authorization" not in asked.headers
    assert asked.form == {
        "grant_type": ["client_credentials"],
        "audience": ["a b&c"],
        "client_id": [USER],
        "client_secret": [SECRET],
    }


def test_the_token_endpoint_may_be_elsewhere(server: TokenServer, given: Reading) -> None:
    with running(Guarded(grant=server.grant)) as login, running(Guarded(server.accepts)) as partner:
        auth = OAUTH.replace("/token", f"{login.url}/oauth/token")
        assert read(partner, auth, given) == KEYS
    assert [request.path for request in login.token_requests] == ["/oauth/token"]
    assert partner.token_requests == login.requests == []


def test_another_scope_or_parameter_has_another_token(partner: Guarded, given: Reading) -> None:
    for auth in (OAUTH, OAUTH.replace("read write", "read"), OAUTH):
        assert read(partner, auth, given) == KEYS
    assert [asked.form["scope"] for asked in partner.token_requests] == [["read write"], ["read"]]
    read(partner, OAUTH.replace("scope:", "parameters: {audience: a}, scope:"), given)
    assert len(partner.token_requests) == 3


def test_a_token_that_expires_while_pages_are_read_is_renewed(
    partner: Guarded, server: TokenServer, given: Reading
) -> None:
    def accepts(received: Received) -> bool:
        if "page=2" in received.target and len(partner.token_requests) == 1:
            server.valid.clear()
        return received.token in server.valid

    partner.accepts = accepts
    assert read(partner, OAUTH, given) == KEYS
    assert len(partner.token_requests) == 2
    assert [request.token for request in partner.requests] == [
        "token-1", "token-1", "token-2", "token-2",
    ]  # fmt: skip


def test_a_new_token_that_is_refused_as_well_is_the_end(
    partner: Guarded, server: TokenServer, given: Reading
) -> None:
    partner.accepts = lambda received: "page=2" not in received.target
    with pytest.raises(ReadError, match="GET /contacts for tenant acme answered 401") as caught:
        read(partner, OAUTH, given)
    assert caught.value.kind == "auth"
    assert [request.token for request in partner.requests] == ["token-1", "token-1", "token-2"]


@pytest.mark.parametrize(
    ("expires_in", "tokens"),
    [
        (3600, 1),
        ("3600", 1),
        (None, 1),
        (0, 1),
        (-5, 1),
        ("soon", 1),
        ([1], 1),
        (1e300, 1),
        (121.5, 2),
        (65, 3),
        ("10", 3),
    ],
)
def test_a_token_is_used_until_shortly_before_it_expires(
    partner: Guarded, server: TokenServer, given: Reading, expires_in: object, tokens: int
) -> None:
    server.expires_in = expires_in
    clock = Clock(NOW)

    def accepts(received: Received) -> bool:
        clock.pass_(seconds=62)
        return received.token in server.valid

    partner.accepts = accepts
    assert read(partner, OAUTH, replace(given, clock=clock)) == KEYS
    assert len(partner.token_requests) == tokens


@pytest.mark.parametrize(
    ("grant", "kind", "told", "requests"),
    [
        (
            granting('{"error": "invalid_client"}', 401),
            "auth",
            "401, invalid_client: the client",
            1,
        ),
        (granting('{"error": "invalid_client"}', 400), "auth", "check `client_id`", 1),
        (granting('{"error": "unauthorized_client"}', 400), "auth", "unauthorized_client", 1),
        (granting('{"error": "access_denied"}', 403), "permission", "access_denied", 1),
        (granting('{"error": "invalid_scope"}', 400), "config", "the `scope` is unknown", 1),
        (granting('{"error": "unsupported_grant_type"}', 400), "config", "does not know", 1),
        (granting('{"error": "invalid_client"}'), "auth", "200, invalid_client", 1),
        (granting(f'{{"error": "{SECRET}"}}', 400), "bad_request", "400", 1),
        (granting('{"error": ["invalid_client"]}', 400), "bad_request", "400", 1),
        (granting(SECRET, 401), "auth", "401: the client is not accepted", 1),
        (granting(SECRET, 403), "permission", "403", 1),
        (granting(SECRET, 404), "config", "check `token_url`", 1),
        (granting(SECRET, 405), "config", "check `token_url`", 1),
        (granting(SECRET, 500), "server", "500", 4),
        (granting('{"error": "invalid_client"}', 503), "server", "503", 4),
        (granting(SECRET, 429), "rate_limited", "429", 4),
        (granting(f"<html>{SECRET}</html>"), "bad_response", "with HTML where JSON", 1),
        (granting(SECRET), "bad_response", "broken JSON", 1),
        (granting(""), "bad_response", "nothing", 1),
        (granting(f'["{SECRET}"]'), "bad_response", "JSON that is no object", 1),
        (granting(f'{{"token": "{SECRET}"}}'), "bad_response", "without an `access_token`", 1),
        (granting('{"access_token": ""}'), "bad_response", "without an `access_token`", 1),
        (granting('{"access_token": null}'), "bad_response", "without an `access_token`", 1),
        (granting('{"access_token": "a", "token_type": "mac"}'), "bad_response", "no bearer", 1),
        (granting('{"access_token": "a\\r\\nb"}'), "config", "no header can hold", 1),
        (lambda _: Answer(302, "", {"Location": "/other"}), "config", "redirect", 1),
        (lambda _: None, "timeout", "not answered within 0.2 s", 4),
    ],
)
def test_a_token_endpoint_that_gives_no_token_is_told_by_its_kind(
    partner: Guarded,
    grant: Grant,
    kind: str,
    told: str,
    requests: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    partner.grant = grant
    with reading(ENVIRON, request_timeout=0.2) as given, pytest.raises(ReadError) as caught:
        read(partner, OAUTH, given)
    assert caught.value.kind == kind
    assert told in str(caught.value)
    assert SECRET not in str(caught.value)
    assert SECRET not in caplog.text
    assert "for tenant acme" in str(caught.value) or kind == "config"
    assert len(partner.token_requests) == requests
    assert partner.requests == []


def test_a_failure_is_not_asked_for_again_by_each_side(partner: Guarded, given: Reading) -> None:
    partner.grant = granting("", 500)
    for _ in range(3):
        with pytest.raises(ReadError, match=r"the token request POST /token for .* answered 500"):
            read(partner, OAUTH, given)
    assert len(partner.token_requests) == 4


def test_a_passing_failure_is_ridden_out(partner: Guarded, server: TokenServer) -> None:
    sleeps = Sleeps()
    failures = iter([Answer(500), Answer(429, headers={"Retry-After": "2"})])
    partner.grant = lambda received: next(failures, None) or server.grant(received)
    with reading(ENVIRON, sleeps=sleeps) as given:
        assert read(partner, OAUTH, given) == KEYS
    assert sleeps.seconds == [0.25, 2.0]


def test_a_token_request_is_paid_from_the_budget_and_ends_with_the_deadline(
    partner: Guarded,
) -> None:
    with reading(ENVIRON, budget=0) as given:
        with pytest.raises(ReadError) as caught:
            read(partner, OAUTH, given)
        assert caught.value.kind == "budget"
        # What one side could not pay says nothing of the endpoint.
        assert read(partner, OAUTH, replace(given, budget=Budget(10))) == KEYS
    partner.grant = lambda _: None
    with reading(ENVIRON, deadline=0.3) as given, pytest.raises(ReadError) as caught:
        read(partner, OAUTH, given)
    assert caught.value.kind == "deadline"


def test_one_place_at_the_host_is_enough(partner: Guarded, given: Reading) -> None:
    assert read(partner, OAUTH, replace(given, hosts=HostLimits(1))) == KEYS


def test_a_renewal_that_fails_tells_why(
    partner: Guarded, server: TokenServer, given: Reading
) -> None:
    assert read(partner, OAUTH, given) == KEYS
    server.valid.clear()
    server.secret = "rotated"
    with pytest.raises(ReadError, match="invalid_client") as caught:
        read(partner, OAUTH, given)
    assert caught.value.kind == "auth"


def test_an_address_of_tokens_that_is_none_is_told(given: Reading) -> None:
    auth = OAUTH.replace("/token", "{env: KEY}", 1)
    with running(Guarded()) as partner, pytest.raises(ReadError) as caught:
        read(partner, auth, given)
    assert caught.value.kind == "config"
    assert SECRET not in str(caught.value)
