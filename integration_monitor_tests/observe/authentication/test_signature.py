"""Signatures against published vectors, and each place against the request as it is."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

import httpx
import pytest

from integration_monitor.manifest.authentication import HmacAuth
from integration_monitor.manifest.domain import Reference
from integration_monitor.observe.authentication.credentials import Credentials
from integration_monitor.observe.authentication.signature import Signature
from integration_monitor.observe.side import ReadError

KEY = Reference("KEY")
QUESTION = "what do ya want for nothing?"
AT = datetime(2026, 3, 1, 13, 0, 1, 234567, timezone(timedelta(hours=1)))
SHA512 = (
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
)
HEADERS = {"X-Signature": "{signature}"}


def signed(auth: HmacAuth, request: httpx.Request, secret: str = "Jefe", at: datetime = AT) -> str:
    """Sign the request; the signature."""
    credentials = Credentials("acme", {"account": "{body}"}, {"KEY": secret, "ID": "{nonce}"})
    Signature(auth, credentials, lambda: at).sign(request)
    return str(request.headers.get("X-Signature", ""))


def get(url: str = "https://api.example.com/") -> httpx.Request:
    return httpx.Request("GET", url)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        # RFC 2202 §3 and RFC 4231 §4.3, test case 2.
        ("sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            "sha512",
            SHA512,
        ),
    ],
)
def test_the_vectors_of_the_rfcs(
    algorithm: Literal["sha1", "sha256", "sha512"], expected: str
) -> None:
    auth = HmacAuth(KEY, QUESTION, HEADERS, algorithm=algorithm)
    assert signed(auth, get()) == expected


@pytest.mark.parametrize(
    ("encoding", "secret"), [("utf8", "Jefe\n"), ("hex", "4a656665"), ("base64", "SmVmZQ==")]
)
def test_a_secret_is_decoded(encoding: Any, secret: str) -> None:
    auth = HmacAuth(KEY, QUESTION, HEADERS, secret_encoding=encoding, encoding="base64")
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signed(auth, get(), secret) == b64encode(bytes.fromhex(expected)).decode()


@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("secret", ["hush!", "abc", "träge"])
def test_a_secret_that_cannot_be_decoded_is_not_quoted(encoding: Any, secret: str) -> None:
    auth = HmacAuth(KEY, QUESTION, HEADERS, secret_encoding=encoding)
    with pytest.raises(ReadError, match=f"not written in {encoding}") as caught:
        signed(auth, get(), secret)
    assert caught.value.kind == "config"
    assert secret not in str(caught.value)


def test_the_vector_of_an_exchange_that_wants_it_in_the_query() -> None:
    """The example of Binance's REST API documentation, "SIGNED endpoint examples"."""
    auth = HmacAuth(
        KEY,
        "{query}",
        query={"signature": "{signature}", "timestamp": "{timestamp_ms}"},
    )
    query = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
    request = get(f"https://api.example.com/api/v3/order?{query}")
    at = datetime.fromisoformat("2017-07-12T02:41:59.559+00:00")
    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    signed(auth, request, secret, at)
    assert request.url.query.decode() == (
        f"{query}&timestamp=1499827319559"
        "&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    )


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{timestamp}", "1772366401"),
        ("{timestamp_ms}", "1772366401234"),
        ("{timestamp_iso}", "2026-03-01T12:00:01Z"),
        ("{method} {host}", "POST api.example.com:8443"),
        ("{path}", "/a%20b/%C3%A9"),
        ("{query}", "x=1%2B1&y=a+b&z"),
        ("{path_and_query}", "/a%20b/%C3%A9?x=1%2B1&y=a+b&z"),
        ("{url}", "https://api.example.com:8443/a%20b/%C3%A9?x=1%2B1&y=a+b&z"),
        ("{body}", '{"é":1}'),
        ("{body_sha256}", hashlib.sha256('{"é":1}'.encode()).hexdigest()),
        ("{connection.tenant}\n{connection.account}", "acme\n{body}"),
        ('{"a": {}, {b c}, {unknown}}', '{"a": {}, {b c}, {unknown}}'),
        ("é", "é"),
    ],
)
def test_each_place_is_the_request_as_it_is_sent(template: str, message: str) -> None:
    request = httpx.Request(
        "POST",
        "https://api.example.com:8443/a b/é?x=1%2B1&y=a+b&z",
        content='{"é":1}'.encode(),
    )
    found = signed(HmacAuth(KEY, template, HEADERS), request)
    assert found == hmac.new(b"Jefe", message.encode(), "sha256").hexdigest()


def test_headers_tell_what_was_signed() -> None:
    headers: dict[str, str | Reference] = {
        "X-Signature": "{signature}",
        "X-Nonce": "{nonce}",
        "X-Times": "{timestamp} {timestamp_ms} {timestamp_iso}",
        "Digest": "sha-256={body_sha256}",
        "X-Id": Reference("ID"),
        "X-Account": "{connection.account}",
    }
    request = get()
    signed(HmacAuth(KEY, "{nonce}", headers), request)
    nonce = request.headers["X-Nonce"]
    assert len(nonce) == 32
    assert request.headers["X-Times"] == "1772366401 1772366401234 2026-03-01T12:00:01Z"
    assert request.headers["Digest"] == f"sha-256={hashlib.sha256(b'').hexdigest()}"
    # What a credential holds is no template.
    assert request.headers["X-Id"] == "{nonce}"
    assert request.headers["X-Account"] == "{body}"
    again = get()
    signed(HmacAuth(KEY, "{nonce}", headers), again)
    assert again.headers["X-Nonce"] != nonce


def test_a_credential_that_is_not_there_is_told_when_it_is_opened() -> None:
    with pytest.raises(ReadError, match="the connection has no `id`") as caught:
        signed(HmacAuth(KEY, "{connection.id}", HEADERS), get())
    assert caught.value.kind == "config"
