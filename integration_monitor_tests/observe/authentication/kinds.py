"""Every kind of authentication, with a check that knows nothing of how it was made."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote_plus, urlsplit

from integration_monitor_tests.observe.authentication.guarded import (
    SECRET,
    USER,
    Answer,
    Check,
    Guarded,
    Received,
)

OAUTH = (
    "{type: oauth2_client_credentials, token_url: /token, client_id: '{connection.user}', "
    "client_secret: '{connection.token}', scope: read write}"
)
HMAC = (
    '{type: hmac, secret: {env: KEY}, message: "{timestamp}\\n{nonce}\\n{method}\\n'
    '{path_and_query}\\n{body}", headers: {X-Signature: "v1={signature}", '
    "X-Timestamp: '{timestamp}', X-Nonce: '{nonce}'}}"
)
HMAC_IN_QUERY = (
    "{type: hmac, secret: '{connection.token}', algorithm: sha512, encoding: base64, "
    "message: '{query}', query: {recvWindow: '5000', timestamp: '{timestamp_ms}', "
    "signature: '{signature}'}, headers: {X-Key: {env: USER_NAME}}}"
)


@dataclass
class TokenServer:
    """Issues tokens to one client, by the rules of RFC 6749 §2.3.1 and §4.4."""

    user: str = USER
    secret: str = SECRET
    expires_in: object = 3600
    in_body: bool = False
    valid: set[str] = field(default_factory=set)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def grant(self, received: Received) -> Answer:
        form = received.form
        if received.method != "POST" or form["grant_type"] != ["client_credentials"]:
            return Answer(400, '{"error": "unsupported_grant_type"}')
        if self._client(received) != (self.user, self.secret):
            return Answer(401, json.dumps({"error": "invalid_client", "error_description": SECRET}))
        token = f"token-{next(self._numbers)}"
        self.valid.add(token)
        life = {} if self.expires_in is None else {"expires_in": self.expires_in}
        return Answer(200, json.dumps({"access_token": token, "token_type": "Bearer", **life}))

    def accepts(self, received: Received) -> bool:
        return received.token in self.valid

    def _client(self, received: Received) -> tuple[str, str]:
        if self.in_body:
            return received.form["client_id"][0], received.form["client_secret"][0]
        user, _, password = _basic(received).partition(":")
        return unquote_plus(user), unquote_plus(password)


def _basic(received: Received) -> str:
    scheme, _, pair = received.headers.get("authorization", "").partition(" ")
    return b64decode(pair).decode() if scheme == "Basic" else ""


def header(name: str, value: str) -> Check:
    return lambda received: received.headers.get(name) == value


def basic(pair: str) -> Check:
    return lambda received: _basic(received) == pair


def parameter(received: Received) -> bool:
    return received.query.get("api_key") == [SECRET]


def signed(received: Received) -> bool:
    at, nonce = received.headers["x-timestamp"], received.headers["x-nonce"]
    head = f"{at}\n{nonce}\n{received.method}\n{received.target}\n".encode()
    expected = hmac.new(SECRET.encode(), head + received.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(received.headers["x-signature"], f"v1={expected}")


def signed_in_query(received: Received) -> bool:
    """As exchanges do it: the whole query is signed, and the signature put at its end."""
    query, separator, _ = urlsplit(received.target).query.partition("&signature=")
    digest = hmac.new(SECRET.encode(), query.encode(), hashlib.sha512).digest()
    parameters = received.query
    return (
        separator != ""
        and parameters["signature"] == [b64encode(digest).decode()]
        and parameters["timestamp"] == ["1772366400000"]
        and parameters["recvWindow"] == ["5000"]
        and received.headers["x-key"] == USER
    )


CHECKS: dict[str, tuple[str, Check]] = {
    "bearer": (
        '{type: bearer, token: "{connection.token}"}',
        header("authorization", f"Bearer {SECRET}"),
    ),
    "api key in a header": (
        "{type: api_key, header: X-API-Key, value: {env: KEY}}",
        header("x-api-key", SECRET),
    ),
    "api key with a prefix": (
        "{type: api_key, header: Authorization, value: {env: KEY}, prefix: 'Token '}",
        header("authorization", f"Token {SECRET}"),
    ),
    "api key in the query": ("{type: api_key, query: api_key, value: {env: KEY}}", parameter),
    "basic": (
        "{type: basic, username: '{connection.user}/token', password: {env: KEY}}",
        basic(f"{USER}/token:{SECRET}"),
    ),
    "basic without a password": ("{type: basic, username: {env: KEY}}", basic(f"{SECRET}:")),
    "signed": (HMAC, signed),
    "signed in the query": (HMAC_IN_QUERY, signed_in_query),
}
KINDS = (*CHECKS, "client credentials")


def guarded(kind: str) -> tuple[Guarded, str]:
    """A partner that wants this kind, and the `auth` of a manifest for it."""
    if kind == "client credentials":
        server = TokenServer()
        return Guarded(server.accepts, server.grant), OAUTH
    auth, check = CHECKS[kind]
    return Guarded(check), auth
