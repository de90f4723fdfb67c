"""What a feed says: the entries of RSS and Atom, whatever their makers do to them."""

from __future__ import annotations

import hashlib
import io
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser

from integration_monitor.observe.http_answers import Answer
from integration_monitor.observe.side import ReadError
from integration_monitor.signals.changelog import Entry
from integration_monitor.signals.changelog_marks import marks

MOST_ENTRIES = 500
_TITLE = 200
_LINK = 500
_TEXT = 20_000
"""Characters of an entry that are looked at."""
_TAG = re.compile(r"<[^>]*>")


def read_feed(answer: Answer, now: datetime) -> list[Entry]:
    """The first entries of a feed. Raises `ReadError` where it is none, or has no entry.

    A feed that is broken somewhere is read as far as it goes.
    """
    parsed = _parsed(answer)
    if not parsed.get("version"):
        raise ReadError("bad_response", f"the feed is none: it is {_instead(answer)}")
    if not parsed.entries:
        raise ReadError("bad_response", "the feed has no entries")
    return [_entry(found, now) for found in parsed.entries[:MOST_ENTRIES]]


def _parsed(answer: Answer) -> Any:
    headers = {
        "content-type": answer.headers.get("content-type", ""),
        "content-location": answer.url,
    }
    try:
        # A file and never bytes: those it would try as the name of a file first.
        return feedparser.parse(io.BytesIO(answer.body), response_headers=headers)
    except Exception as error:  # noqa: BLE001 - what one partner sends must not stop the others
        name = type(error).__name__
        raise ReadError("bad_response", f"the feed cannot be parsed ({name})") from None


def _entry(found: Mapping[str, Any], now: datetime) -> Entry:
    title = _plain(found.get("title"))
    link = _link(found.get("link"))
    named = str(found.get("id") or link or f"{title} {found.get('published')}")
    return Entry(
        id=hashlib.sha256(named.encode(errors="replace")).hexdigest()[:12],
        title=title or "(without a title)",
        link=link,
        published_at=_published(found, now),
        first_seen=now,
        marks=marks(title, *_texts(found)),
    )


def _texts(found: Mapping[str, Any]) -> Iterator[str]:
    yield str(found.get("summary") or "")[:_TEXT]
    for content in found.get("content") or ():
        yield str(content.get("value") or "")[:_TEXT]
    for tag in found.get("tags") or ():
        yield str(tag.get("term") or "")


def _plain(text: object) -> str:
    words = _TAG.sub(" ", str(text or "")).split()
    shown = " ".join("".join(filter(str.isprintable, word)) for word in words)
    return shown if len(shown) <= _TITLE else shown[: _TITLE - 1] + "…"


def _link(text: object) -> str | None:
    link = str(text or "")
    known = link.startswith(("https://", "http://")) and link.isprintable()
    return link if known and len(link) <= _LINK else None


def _published(found: Mapping[str, Any], now: datetime) -> datetime | None:
    # Asked for `updated`, the parser would guess where there is none, and warn.
    name = "updated_parsed" if "updated_parsed" in found else "published_parsed"
    at = found.get("published_parsed") or found.get(name)
    if not isinstance(at, time.struct_time):
        return None
    try:
        published = datetime(*at[:6], tzinfo=UTC)
    except ValueError:
        return None
    # A date far ahead is a mistake, and would stay the newest for ever.
    return published if published <= now + timedelta(days=1) else None


def _instead(answer: Answer) -> str:
    start = answer.body.lstrip()[:200].lower()
    if not start:
        return "empty"
    if b"<html" in start or b"<!doctype html" in start:
        return "an HTML page"
    return "JSON" if start[:1] in (b"{", b"[") else "neither RSS nor Atom"
