"""The token endpoint of OAuth 2.0 (RFC 6749): its request, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote_plus

import httpx
from authlib.common.urls import add_params_to_qs
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request

from integration_monitor.observe.authentication.tokens import Token
from integration_monitor.observe.http_answers import Answer, document, failure
from integration_monitor.observe.http_exchange import exchange, patiently
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ErrorKind, ReadError

LEEWAY = timedelta(seconds=60)
"""So long before it expires a token is not used any more, or a tenth of a shorter life."""

_ERRORS: Mapping[str, tuple[ErrorKind, str]] = {
    "invalid_client": (
        "auth",
        "the client is not accepted: check `client_id`, `client_secret` and `client_auth`",
    ),
    "invalid_grant": ("auth", "the client's credentials are not accepted any more"),
    "unauthorized_client": ("auth", "the client may not use client credentials"),
    "access_denied": ("permission", "the client may not have a token"),
    "unsupported_grant_type": ("config", "it does not know client credentials"),
    "invalid_scope": ("config", "the `scope` is unknown, or more than the client may have"),
    "invalid_request": ("config", "a parameter is missing or wrong: check `parameters`"),
}
"""The errors of RFC 6749 §5.2 and §4.1.2.1. Nothing else of an answer is ever repeated."""

_BY_STATUS: Mapping[int, tuple[ErrorKind, str]] = {
    401: ("auth", _ERRORS["invalid_client"][1]),
    403: _ERRORS["access_denied"],
    404: ("config", "there is nothing at this address: check `token_url`"),
    405: ("config", "it is not a token endpoint: check `token_url`"),
}


@dataclass(frozen=True)
class TokenEndpoint:
    """Where a client gets its access tokens, with the client's credentials."""

    url: str = field(repr=False)
    what: str
    """For messages: the address as a template, and the tenant."""
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    client_auth: Literal["basic", "post"] = "basic"

    @property
    def identity(self) -> Hashable:
        """What tells its tokens from others."""
        return (self.url, self.client_id, self.scope, tuple(sorted(self.parameters.items())))

    def fetch(self, reading: Reading) -> Token:
        """A new token. Raises `ReadError`, with neither a secret nor the answer's text."""
        request = self._request()
        host = request.url.netloc.decode("ascii", "replace")
        asked = patiently(
            reading,
            lambda: exchange(reading, host, self._request, self.what),
            lambda answer: _refusal(answer, self.what),
        )
        return _token(asked, self.what, reading.clock())

    def _request(self) -> httpx.Request:
        body = prepare_token_request("client_credentials", scope=self.scope)
        body = add_params_to_qs(body, list(self.parameters.items()))
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            url, headers, body = self._client().prepare("POST", self.url, headers, body)
            request = httpx.Request("POST", url, headers=headers, content=body)
        except (ValueError, TypeError, httpx.InvalidURL):
            # The exception's text may quote a credential.
            message = f"{self.what} cannot be written as an HTTP request"
            raise ReadError("config", message) from None
        if request.url.scheme not in ("http", "https") or not request.url.host:
            raise ReadError("config", f"{self.what}: `token_url` is not an http(s) address")
        return request

    def _client(self) -> ClientAuth:
        if self.client_auth == "post":
            return ClientAuth(self.client_id, self.client_secret, "client_secret_post")
        # RFC 6749 §2.3.1: both are form-encoded first, which Authlib leaves to its caller.
        client_id, secret = quote_plus(self.client_id), quote_plus(self.client_secret)
        return ClientAuth(client_id, secret, "client_secret_basic")


def _refusal(answer: Answer, what: str) -> ReadError | None:
    """The error an answer stands for; None for a success."""
    passing = failure(answer, what)
    if passing is None or answer.status >= 500 or answer.status in (408, 429):
        return passing
    code = _code(_json(answer))
    if code is not None:
        kind, reason = _ERRORS[code]
        return ReadError(kind, f"{what} answered {answer.status}, {code}: {reason}")
    if answer.status in _BY_STATUS:
        kind, reason = _BY_STATUS[answer.status]
        return ReadError(kind, f"{what} answered {answer.status}: {reason}")
    return passing


def _token(answer: Answer, what: str, now: datetime) -> Token:
    found = document(answer, what)
    if not isinstance(found, dict):
        raise ReadError("bad_response", f"{what} answered JSON that is no object")
    code = _code(found)
    if code is not None:
        # Some answer 200 and say "error" all the same.
        kind, reason = _ERRORS[code]
        raise ReadError(kind, f"{what} answered {answer.status}, {code}: {reason}")
    value = found.get("access_token")
    if not isinstance(value, str) or not value.strip():
        raise ReadError("bad_response", f"{what} answered without an `access_token`")
    if not str(found.get("token_type") or "bearer").lower().startswith("bearer"):
        raise ReadError("bad_response", f"{what} answered a token that is no bearer token")
    return Token(value.strip(), _good_until(found.get("expires_in"), now))


def _good_until(expires_in: object, now: datetime) -> datetime | None:
    """None where the life of a token is not told: then it is used until it is refused."""
    try:
        life = timedelta(seconds=float(str(expires_in)))
    except (ValueError, OverflowError):
        return None
    return now + life - min(LEEWAY, life / 10) if life > timedelta(0) else None


def _json(answer: Answer) -> object:
    try:
        found: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found


def _code(found: Any) -> str | None:
    code = found.get("error") if isinstance(found, dict) else None
    return code if isinstance(code, str) and code in _ERRORS else None
