"""A request as the receiver sees it, and the headers of it that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NamedTuple

import msgspec

MOST_HEADERS = 64
MOST_CHARACTERS = 8192
"""Of one value; the longest signature that is read has as many."""

_NEVER_KEPT = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "cookie",
        # Of the way here, not of the event.
        "connection",
        "accept",
        "accept-encoding",
        "content-length",
        "transfer-encoding",
    )
)


class Target(NamedTuple):
    """Where a request goes: `/webhooks/INTEGRATION[/TENANT][?QUERY]`."""

    integration: str
    connection: str
    """The tenant of the path, `-` without one."""
    suffix: str
    """What follows the integration's own path, as it came: it may be signed."""


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By lower-case names; values of a header that came twice are joined."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def not_kept(secret_header: str) -> frozenset[str]:
    """The names that are left out, the header that holds a shared secret among them."""
    return _NEVER_KEPT | {secret_header}


def kept_headers(headers: Mapping[str, str], without: frozenset[str]) -> str:
    """As JSON, the ones that are stored."""
    kept = {
        name: value
        for name, value in islice(headers.items(), MOST_HEADERS)
        if name not in without and len(value) <= MOST_CHARACTERS
    }
    return msgspec.json.encode(kept).decode()
