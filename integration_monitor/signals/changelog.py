"""What has the partner written into its changelog? Pure.

A marked entry is a ticket until somebody acknowledges it, for a week at the longest: it asks a
person to read something, and goes on asking in vain where nobody does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import Integration, Severity
from integration_monitor.program import NAME
from integration_monitor.signals.api import verdict
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Verdict
from integration_monitor.signals.wording import clock, count, span, table

SIGNAL = "changelog"
TOLD_FOR = timedelta(days=7)
"""So long a marked entry that nobody acknowledged is told."""
LISTED_FOR = timedelta(days=30)
_SHOWN = 50
_SAID = 3
_LATE = timedelta(minutes=30)
"""What a schedule and a run may take beyond `changelog_every`."""


@dataclass(frozen=True)
class Entry:
    """An entry of a feed."""

    id: str
    """Short, made of what the feed calls it."""
    title: str
    link: str | None
    published_at: datetime | None
    first_seen: datetime
    marks: tuple[str, ...] = ()
    from_first_read: bool = False
    """It was there when the feed was read for the first time: nobody is told of the past."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    note: str | None = None

    @property
    def at(self) -> datetime:
        """When it was published, as far as the feed says it."""
        return self.published_at or self.first_seen

    def is_told(self, now: datetime) -> bool:
        """Whether somebody should read it."""
        is_new = not self.from_first_read and now - self.first_seen < TOLD_FOR
        return bool(self.marks) and is_new and self.acknowledged_at is None


@dataclass(frozen=True)
class Feed:
    """What is known of a partner's changelog."""

    tried_at: datetime
    read_at: datetime | None
    """The last time that it could be read."""
    error: str | None
    """Why it could not be read the last time; None where it could."""
    entries: Sequence[Entry] = ()


def judge(integration: Integration, feed: Feed | None, now: datetime) -> Verdict:
    """Warn of marked entries; a feed that was not, or cannot be, read is `unknown`."""
    partner = integration.partner
    if partner is None or partner.changelog is None:
        return verdict(SIGNAL, integration, Judged("ok", "no changelog is declared"), now)
    judged = _judged(integration.name, feed, partner.changelog_every, now)
    return verdict(SIGNAL, integration, judged, now)


def _judged(name: str, feed: Feed | None, every: timedelta, now: datetime) -> Judged:
    if feed is None:
        return Judged("unknown", "the changelog was not read yet", "watch", {"unread": 1.0})
    told = [entry for entry in feed.entries if entry.is_told(now)]
    evidence = _evidence(feed, told, now)
    details = _details(feed, now)
    if unread := _unread(feed, every, now):
        also = f"; before that {_told(told)}" if told else ""
        # A feed that fails once is read again soon; that it stays away is somebody's concern.
        waits = feed.read_at is not None and now - feed.read_at < 2 * every
        severity: Severity = "watch" if waits and not told else "ticket"
        return Judged("unknown", unread + also, severity, evidence, details=details)
    if told:
        how = f"; `{NAME} changelog acknowledge {name}` once it is dealt with"
        return Judged("warn", _told(told) + how, "ticket", evidence, details=details)
    return Judged("ok", _all_well(feed, now), None, evidence, details=details)


def _unread(feed: Feed, every: timedelta, now: datetime) -> str | None:
    since = f"since {clock(feed.read_at)}" if feed.read_at else "so far"
    if feed.error is not None:
        return f"the changelog cannot be read {since}: {feed.error}"
    if feed.read_at is None or now - feed.read_at > every + _LATE:
        return f"the changelog was not read {since}: is its schedule running?"
    return None


def _told(told: Sequence[Entry]) -> str:
    newest = sorted(told, key=lambda entry: entry.at, reverse=True)
    said = [f"“{entry.title}” ({', '.join(entry.marks)})" for entry in newest[:_SAID]]
    more = [f"{len(told) - _SAID} more"] if len(told) > _SAID else []
    what = count(len(told), "new entry", "new entries")
    return f"{what} of the changelog to be read: {', '.join(said + more)}"


def _all_well(feed: Feed, now: datetime) -> str:
    assert feed.read_at is not None  # noqa: S101 - else it is unread
    recent = [entry for entry in feed.entries if now - entry.at < LISTED_FOR]
    what = count(len(recent), "entry", "entries")
    return f"read {span(now - feed.read_at)} ago: {what} in {span(LISTED_FOR)}, none to be read"


def _evidence(feed: Feed, told: Sequence[Entry], now: datetime) -> dict[str, float]:
    evidence = {
        "entries_recent": float(sum(now - entry.at < LISTED_FOR for entry in feed.entries)),
        "entries_to_read": float(len(told)),
        "unread": float(feed.error is not None),
    }
    if feed.read_at is not None:
        evidence["read_hours_ago"] = round((now - feed.read_at).total_seconds() / 3600, 2)
    return evidence


def _details(feed: Feed, now: datetime) -> str:
    read = f"Last read: {clock(feed.read_at)}" if feed.read_at else "Never read so far"
    recent = [e for e in feed.entries if now - e.at < LISTED_FOR or e.is_told(now)]
    rows = [
        (f"{entry.at:%Y-%m-%d}", _titled(entry), ", ".join(entry.marks), _state(entry, now))
        for entry in sorted(recent, key=lambda entry: entry.at, reverse=True)[:_SHOWN]
    ]
    listed = table(("published", "entry", "speaks of", ""), rows)
    return "\n\n".join(part for part in (read, listed) if part)


def _state(entry: Entry, now: datetime) -> str:
    if entry.acknowledged_at is not None:
        return f"acknowledged by {entry.acknowledged_by}: {entry.note}"
    return "**to be read**" if entry.is_told(now) else ""


def _titled(entry: Entry) -> str:
    # A title is somebody else's text: it must not become a link or an image of its own.
    title = "".join(f"\\{letter}" if letter in "\\`*_[]<>!" else letter for letter in entry.title)
    link = entry.link
    if link is None or any(letter in link for letter in " ()<>|"):
        return title
    return f"[{title}]({link})"
