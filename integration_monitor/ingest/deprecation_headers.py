"""A partner's announcement that what was called is, or will be, gone. Pure.

`Deprecation` is RFC 9745: a structured date. Its earlier drafts had `true` or an HTTP-date. A bare
number is neither. `Sunset` is RFC 8594: an HTTP-date, read as leniently as people write it. A
`Link` alone announces nothing. Where a sunset comes before its deprecation both are kept as told. A
sunset that cannot be read is one without a date: that something ends was said all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import http_sf

from integration_monitor.observe.link_header import link_target
from integration_monitor.observe.retry_after import http_date

Kind = Literal["deprecation", "sunset"]

DEPRECATION_NAMES = frozenset({"deprecation", "sunset", "warning"})
"""The headers that announce something, in lower case; `link` only says more about it."""
_NO_SUNSET = frozenset({"", "?0", "false", "none", "null", "never"})
_LONGEST = 1000
_LONGEST_LINK = 300


@dataclass(frozen=True, slots=True)
class Announcement:
    """What one header says."""

    kind: Kind
    on: date | None = None
    """The day in UTC; None where only the fact is told."""
    link: str | None = None
    """Where it is explained, without query and fragment."""


def announcements_of(headers: Mapping[str, str]) -> tuple[Announcement, ...]:
    """What an answer announces; nothing where none of `DEPRECATION_NAMES` is there.

    `headers` is case-insensitive, or has its names in lower case.
    """
    if DEPRECATION_NAMES.isdisjoint(headers):
        return ()
    told = (headers.get(name, "")[:_LONGEST] for name in ("deprecation", "sunset", "warning"))
    return _announcements(*told, headers.get("link", "")[:_LONGEST])


@lru_cache(maxsize=512)
def _announcements(
    deprecation: str, sunset: str, warning: str, link: str
) -> tuple[Announcement, ...]:
    """Remembered, because a deprecated endpoint says the same with each answer."""
    found = []
    on = _deprecated_on(deprecation.strip())
    if on is not False or _warns(warning):
        found.append(Announcement("deprecation", on or None, _link(link, "deprecation")))
    if sunset.strip().lower() not in _NO_SUNSET:
        found.append(Announcement("sunset", _day(sunset.strip()), _link(link, "sunset")))
    return tuple(found)


def _deprecated_on(text: str) -> date | Literal[False] | None:
    """The day, None where there is none, False where nothing is deprecated."""
    if text.lower() in ("true", "?1"):
        return None
    if text.startswith("@"):
        try:
            parsed = http_sf.parse(text.encode(), tltype="item")
        except ValueError:
            return False
        moment = parsed[0] if isinstance(parsed, tuple) else None
        return moment.astimezone(UTC).date() if isinstance(moment, datetime) else False
    return _day(text) or False


def _day(text: str) -> date | None:
    """The day of an HTTP-date, or of one in ISO 8601; None for anything else."""
    if not text or text.replace(".", "").isdigit():
        return None
    moment = http_date(text)
    if moment is None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()
    except OverflowError:
        return None


def _warns(warning: str) -> bool:
    """`299 - "… deprecated …"`, as some vendors say it."""
    return warning.lstrip().startswith("299") and "deprecat" in warning.lower()


def _link(header: str, relation: str) -> str | None:
    target = link_target(header, relation) if header else None
    if not target:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    plain = urlunsplit((parts.scheme, host, parts.path, "", ""))
    fit = parts.scheme in ("http", "https", "") and len(plain) <= _LONGEST_LINK
    return plain if fit and plain.isprintable() else None
