"""A request as the receiver sees it, and the headers of it that are kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST_HEADERS = 64
MOST_CHARACTERS = 8192
"""Of one value; the longest signature that is read has as many."""
MOST_KEPT = 16 * 1024
"""Characters of all headers that are kept of a request."""

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


@dataclass(frozen=True, slots=True)
class Target:
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


def kept_headers(headers: Mapping[str, str], without: str) -> str:
    """As JSON, the ones that are stored: `without` is the header that holds a shared secret."""
    kept: dict[str, str] = {}
    left = MOST_KEPT
    for name, value in headers.items():
        left -= len(name) + len(value)
        if left < 0 or len(kept) == MOST_HEADERS:
            break
        if name not in _NEVER_KEPT and name != without and len(value) <= MOST_CHARACTERS:
            kept[name] = value
    return json.dumps(kept)
