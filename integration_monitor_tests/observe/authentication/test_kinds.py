"""Each kind of authentication, against a partner that checks it on its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError
from integration_monitor_tests.observe.authentication.guarded import (
    ENVIRON,
    KEYS,
    SECRET,
    Answer,
    Guarded,
    integration,
    read,
    running,
)
from integration_monitor_tests.observe.authentication.kinds import HMAC, KINDS, guarded
from integration_monitor_tests.observe.readings import reading


@pytest.fixture
def given() -> Iterator[Reading]:
    with reading(ENVIRON) as opened:
        yield opened


@pytest.mark.parametrize("kind", KINDS)
def test_each_page_is_asked_for_with_the_credentials(kind: str, given: Reading) -> None:
    partner, auth = guarded(kind)
    with running(partner):
        assert read(partner, auth, given) == KEYS
    assert len(partner.requests) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_is_sent_with_the_credentials(kind: str, given: Reading) -> None:
    partner, auth = guarded(kind)
    with running(partner):
        assert read(partner, auth, given, lookup=True) == KEYS


@pytest.mark.parametrize("kind", KINDS)
def test_a_redirect_on_the_same_host_is_followed_with_the_credentials(
    kind: str, given: Reading
) -> None:
    partner, auth = guarded(kind)
    with running(partner):
        moved = "/moved?since=2026&until=2027&signature=old"
        partner.faults.append(Answer(302, "", {"Location": moved}))
        assert read(partner, auth, given)[:1] == KEYS[:1]
    assert [request.path for request in partner.requests[:2]] == ["/contacts", "/moved"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["redirect", "next page"])
def test_credentials_go_to_nobody_else(kind: str, way: str, given: Reading) -> None:
    partner, auth = guarded(kind)
    with running(partner), running(Guarded()) as elsewhere:
        if way == "redirect":
            partner.faults.append(Answer(307, "", {"Location": f"{elsewhere.url}/contacts"}))
        else:
            page = f'{{"results": [], "next": "{elsewhere.url}/contacts?page=2"}}'
            partner.faults.append(Answer(200, page))
        with pytest.raises(ReadError, match="another host"):
            read(partner, auth, given)
    assert elsewhere.requests == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("status", "told"), [(401, "auth"), (403, "permission")])
def test_a_refusal_is_told_without_a_secret(
    kind: str, status: int, told: str, given: Reading, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    partner, auth = guarded(kind)
    partner.accepts, partner.refuses_with = lambda _: False, status
    with running(partner), pytest.raises(ReadError) as caught:
        read(partner, auth, given)
    assert caught.value.kind == told
    assert f"GET /contacts for tenant acme answered {status}" in str(caught.value)
    for secret in (SECRET, quote(SECRET, safe=""), "token-1"):
        assert secret not in str(caught.value)
        assert secret not in caplog.text
    assert len(partner.requests) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_reference_that_is_not_set_is_told_by_its_name(kind: str) -> None:
    partner, auth = guarded(kind)
    if "{env: KEY}" not in auth:
        return
    with running(partner), reading() as given, pytest.raises(ReadError) as caught:
        read(partner, auth, given)
    assert (caught.value.kind, str(caught.value)) == (
        "config",
        "environment variable KEY is not set",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_secret_is_shown_by_the_manifest(kind: str) -> None:
    partner, auth = guarded(kind)
    assert SECRET not in repr(integration(partner, auth, "https://example.com"))


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        ("{type: bearer, token: '{connection.token}'}", "no header can hold"),
        ("{type: api_key, header: X-Key, value: '{connection.token}'}", "no header can hold"),
    ],
)
@pytest.mark.parametrize("token", ["broken\r\nx-evil: 1", "träge", "a\x00b"])
def test_a_credential_that_no_header_can_hold_is_not_quoted(
    auth: str, told: str, token: str, given: Reading
) -> None:
    with running(Guarded()) as partner, pytest.raises(ReadError, match=told) as caught:
        read(partner, auth, given, token=token)
    assert caught.value.kind == "config"
    assert token not in str(caught.value)
    assert partner.requests == []


@pytest.mark.parametrize("token", ["", "\n", "  \n"])
def test_an_empty_token_is_told(token: str, given: Reading) -> None:
    with running(Guarded()) as partner, pytest.raises(ReadError) as caught:
        read(partner, "{type: bearer, token: '{connection.token}'}", given, token=token)
    assert (caught.value.kind, str(caught.value)) == ("config", "`token` of `auth` is empty")


def test_a_user_name_with_a_colon_is_told(given: Reading) -> None:
    auth = "{type: basic, username: '{connection.token}', password: {env: KEY}}"
    with running(Guarded()) as partner, pytest.raises(ReadError) as caught:
        read(partner, auth, given, token="a:b")
    assert (caught.value.kind, str(caught.value)) == ("config", "`username` of `auth` has a colon")


def test_a_password_may_have_any_letters(given: Reading) -> None:
    auth = "{type: basic, username: '{connection.token}', password: '{connection.token}'}"
    with running(Guarded()) as partner:
        read(partner, auth, given, token="träge und\N{SNOWMAN}")
    assert partner.requests[0].headers["authorization"] == (
        "Basic dHLDpGdlIHVuZOKYgzp0csOkZ2UgdW5k4piD"
    )


def test_a_key_in_the_query_replaces_the_one_in_an_address(given: Reading) -> None:
    partner, auth = guarded("api key in the query")
    with running(partner):
        page = f'{{"results": [], "next": "{partner.url}/contacts?a=%2B+x&api_key=*****&b"}}'
        partner.faults.extend([Answer(200, page), Answer(200, '{"results": []}')])
        read(partner, auth, given)
    assert partner.requests[1].target == f"/contacts?a=%2B+x&b&api_key={quote(SECRET, safe='')}"


def test_each_attempt_is_signed_anew(given: Reading) -> None:
    partner, auth = guarded("signed")
    with running(partner):
        partner.faults.extend([Answer(503), Answer(500)])
        assert read(partner, auth, given) == KEYS
    nonces = [request.headers["x-nonce"] for request in partner.requests]
    assert len(set(nonces)) == len(nonces) == 5


def test_a_cookie_of_one_tenant_does_not_reach_another(given: Reading) -> None:
    partner, auth = guarded("bearer")
    with running(partner):
        contacts = '{"results": []}'
        partner.faults.append(Answer(200, contacts, {"Set-Cookie": "session=acme; Path=/"}))
        read(partner, auth, given)
        read(partner, auth, given)
    assert all("cookie" not in request.headers for request in partner.requests)


def test_a_wrong_secret_is_refused(given: Reading) -> None:
    partner, _ = guarded("signed")
    auth = HMAC.replace("{env: KEY}", "'{connection.token}'")
    with running(partner), pytest.raises(ReadError, match="answered 401"):
        read(partner, auth, given, token="another")
