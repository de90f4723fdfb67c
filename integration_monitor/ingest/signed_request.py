"""A request as its signature sees it: headers by lower-case names, bytes as they came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from integration_monitor.ingest.signature_error import SignatureError

MAX_VALUE = 8192
"""Characters of a header that is read for a signature; the longest known one has 500."""


class SignedRequest(NamedTuple):
    """What came. `url` is the configured address with the request's own query."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header by its lower-case name. Raises `SignatureError`."""
        value = self.headers.get(name)
        if value is None:
            raise SignatureError("missing_header", f"there is no header {name}")
        if len(value) > MAX_VALUE:
            raise SignatureError("malformed", f"{name} has more than {MAX_VALUE} characters")
        return value


def signed_request(method: str, url: str, headers: Mapping[str, str], body: bytes) -> SignedRequest:
    """The request. Values of a header that came twice are joined, so they fit no signature."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return SignedRequest(method, url, found, body)


def as_bytes(text: str, what: str, encoding: str = "utf-8") -> bytes:
    """The bytes of a text. Raises `SignatureError` for what cannot have come over HTTP."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        raise SignatureError("malformed", f"{what} holds impossible characters") from None
