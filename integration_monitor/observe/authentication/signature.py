"""Requests that are signed with a shared secret (HMAC, RFC 2104)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

import httpx

from integration_monitor.manifest.authentication import HmacAuth
from integration_monitor.manifest.domain import Reference
from integration_monitor.observe.authentication.carriers import (
    Unauthenticated,
    set_header,
    with_parameter,
    without_parameters,
)
from integration_monitor.observe.authentication.credentials import Credentials
from integration_monitor.observe.canonical import EPOCH
from integration_monitor.observe.side import ReadError

Places = Mapping[str, bytes]

_PLACE = re.compile(rb"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_MILLISECOND = timedelta(milliseconds=1)


class Signature(Unauthenticated):
    """Signs the bytes and the address that are sent, with a time and a nonce of each attempt."""

    def __init__(
        self, auth: HmacAuth, credentials: Credentials, clock: Callable[[], datetime]
    ) -> None:
        self._algorithm = auth.algorithm
        self._encoding = auth.encoding
        self._clock = clock
        self._key = _key(credentials.text(auth.secret, "secret"), auth.secret_encoding)
        self._known = _known(auth, credentials)
        self._message = auth.message.encode()
        self._headers = {name: _template(value) for name, value in auth.headers.items()}
        self._query = {name: _template(value) for name, value in auth.query.items()}

    def sign(self, request: httpx.Request) -> None:
        """Set headers and parameters; a parameter that holds the signature is not signed."""
        places = {**self._known, **_chosen(self._clock(), request)}
        signed = {n: t for n, t in self._query.items() if b"{signature}" not in t}
        request.url = without_parameters(request.url, self._query)
        request.url = _with_parameters(request.url, signed, places)
        message = _fill(self._message, {**places, **_parts(request)})
        digest = hmac.new(self._key, message, self._algorithm).digest()
        places["signature"] = (
            digest.hex().encode() if self._encoding == "hex" else b64encode(digest)
        )
        last = {n: t for n, t in self._query.items() if n not in signed}
        request.url = _with_parameters(request.url, last, places)
        for name, template in self._headers.items():
            set_header(request, name, _fill(template, places).decode())


def _key(secret: str, encoding: Literal["utf8", "base64", "hex"]) -> bytes:
    try:
        if encoding == "base64":
            return b64decode(secret, validate=True)
        return bytes.fromhex(secret) if encoding == "hex" else secret.encode()
    except ValueError:
        # The exception's text may quote the secret.
        raise ReadError("config", f"`secret` of `auth` is not written in {encoding}") from None


def _template(value: str | Reference) -> bytes:
    """A reference becomes a place of its own, so that what it stands for is not read as one."""
    return f"{{env.{value.env}}}".encode() if isinstance(value, Reference) else value.encode()


def _known(auth: HmacAuth, credentials: Credentials) -> Places:
    """What the templates mention that is the same in all requests."""
    values = (*auth.headers.values(), *auth.query.values())
    references = [value for value in values if isinstance(value, Reference)]
    known = {f"env.{one.env}": credentials.text(one, "headers").encode() for one in references}
    for template in (auth.message.encode(), *map(_template, values)):
        for place in _PLACE.findall(template):
            if place.startswith(b"connection."):
                text = credentials.text(f"{{{place.decode()}}}", place.decode())
                known[place.decode()] = text.encode()
    return known


def _fill(template: bytes, places: Places) -> bytes:
    return _PLACE.sub(lambda place: places.get(place[1].decode(), place[0]), template)


def _with_parameters(url: httpx.URL, templates: Mapping[str, bytes], places: Places) -> httpx.URL:
    for name, template in templates.items():
        url = with_parameter(url, name, _fill(template, places).decode())
    return url


def _chosen(now: datetime, request: httpx.Request) -> dict[str, bytes]:
    """What is chosen for one attempt, and may be told beside the signature."""
    at = now.astimezone(UTC)
    milliseconds = (at - EPOCH) // _MILLISECOND
    return {
        "timestamp": str(milliseconds // 1000).encode(),
        "timestamp_ms": str(milliseconds).encode(),
        "timestamp_iso": at.strftime("%Y-%m-%dT%H:%M:%SZ").encode(),
        "nonce": secrets.token_hex(16).encode(),
        "body_sha256": hashlib.sha256(request.content).hexdigest().encode(),
    }


def _parts(request: httpx.Request) -> Places:
    """The request as it is sent; the query without a signature."""
    path_and_query = request.url.raw_path
    path, _, query = path_and_query.partition(b"?")
    host = request.headers["host"].encode()
    return {
        "method": request.method.encode(),
        "host": host,
        "path": path,
        "query": query,
        "path_and_query": path_and_query,
        "url": request.url.scheme.encode() + b"://" + host + path_and_query,
        "body": request.content,
    }
