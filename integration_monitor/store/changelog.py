"""Partners' changelogs: what their feeds said, when they were read, what somebody dealt with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.signals.changelog import LISTED_FOR, TOLD_FOR, Entry, Feed
from integration_monitor.store.call_tables import changelog_entries as entries
from integration_monitor.store.call_tables import changelog_reads as reads
from integration_monitor.store.storable import storable, storable_or_none

FORGOTTEN_AFTER = timedelta(days=365)
"""An entry that is no longer in the feed is kept for so long: one that comes back is not new."""


@dataclass(frozen=True)
class Tried:
    """The last attempt to read a feed, with what the next request may say of it."""

    tried_at: datetime
    read_at: datetime | None
    error: str | None
    feed: str | None
    """A digest of the address that was read; another one is another feed."""
    etag: str | None
    modified: str | None


def tried(connection: sa.Connection, integrations: Collection[str]) -> Mapping[str, Tried]:
    """The last attempt of each integration that had one."""
    query = sa.select(reads).where(_of(reads.c.integration, integrations))
    return {
        row.integration: Tried(
            row.tried_at, row.read_at, row.error, row.feed, row.etag, row.modified
        )
        for row in connection.execute(query)
    }


def save_read(
    connection: sa.Connection,
    integration: str,
    found: Sequence[Entry] | None,
    *,
    at: datetime,
    feed: str,
    etag: str | None,
    modified: str | None,
) -> None:
    """A feed was read; `found` is None where it is unchanged.

    What is there at the first reading is kept as known: nobody is told of the past.
    """
    known = tried(connection, [integration]).get(integration)
    is_first = known is None or known.feed != feed
    values = {
        "read_at": at, "tried_at": at, "error": None, "feed": feed,
        "etag": storable_or_none(etag), "modified": storable_or_none(modified),
    }  # fmt: skip
    _save(connection, integration, values)
    if found:
        _save_entries(connection, integration, found, at, from_first_read=is_first)
    connection.execute(
        entries.delete().where(
            entries.c.integration == integration, entries.c.last_seen < at - FORGOTTEN_AFTER
        )
    )


def save_failure(connection: sa.Connection, integration: str, error: str, at: datetime) -> None:
    """A feed could not be read. What it said before stays known."""
    _save(connection, integration, {"tried_at": at, "error": error})


def of_fleet(
    connection: sa.Connection, integrations: Collection[str], now: datetime
) -> Mapping[str, Feed]:
    """The feed of each integration that was read or tried, with its recent entries."""
    since = now - max(LISTED_FOR, TOLD_FOR)
    query = (
        sa.select(entries)
        .where(
            _of(entries.c.integration, integrations),
            sa.or_(entries.c.first_seen > since, entries.c.published_at > since),
        )
        .order_by(entries.c.integration, entries.c.entry)
    )
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.integration].append(
            Entry(
                row.entry, row.title, row.link, row.published_at, row.first_seen,
                tuple(row.marks), row.from_first_read, row.acknowledged_at, row.acknowledged_by,
                row.note,
            )
        )  # fmt: skip
    return {
        name: Feed(last.tried_at, last.read_at, last.error, found.get(name, ()))
        for name, last in tried(connection, integrations).items()
    }


def acknowledge(
    connection: sa.Connection,
    integration: str,
    ids: Collection[str],
    *,
    by: str,
    note: str,
    at: datetime,
) -> int:
    """Say that these entries are dealt with; how many there were that nobody had acknowledged."""
    statement = (
        entries.update()
        .where(
            entries.c.integration == integration,
            _of(entries.c.entry, ids),
            entries.c.acknowledged_at.is_(None),
        )
        .values(acknowledged_at=at, acknowledged_by=by, note=note)
    )
    return connection.execute(statement).rowcount


def _save(connection: sa.Connection, integration: str, values: Mapping[str, object]) -> None:
    connection.execute(
        insert(reads)
        .values(integration=integration, **values)
        .on_conflict_do_update(index_elements=reads.primary_key, set_=dict(values))
    )


def _save_entries(
    connection: sa.Connection,
    integration: str,
    found: Sequence[Entry],
    at: datetime,
    *,
    from_first_read: bool,
) -> None:
    rows = {
        entry.id: {
            "integration": integration, "entry": entry.id, "title": storable(entry.title),
            "link": entry.link, "published_at": entry.published_at, "first_seen": at,
            "last_seen": at, "marks": list(entry.marks), "from_first_read": from_first_read,
        }
        for entry in found
    }  # fmt: skip
    new = insert(entries)
    # An entry may be edited: what it says of deprecation now is what counts.
    names = ("title", "link", "published_at", "last_seen", "marks")
    statement = new.on_conflict_do_update(
        index_elements=entries.primary_key, set_={name: new.excluded[name] for name in names}
    )
    connection.execute(statement, [rows[id_] for id_ in sorted(rows)])


def _of(column: sa.ColumnElement[str], names: Collection[str]) -> sa.ColumnElement[bool]:
    return column == sa.any_(sa.cast([*names], sa.ARRAY(sa.Text)))
