"""Deleting what was kept for as long as `retention` says."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from integration_monitor.manifest.domain import Retention
from integration_monitor.store.tables import (
    baselines,
    incidents,
    outbox,
    owed,
    schema_changes,
    transitions,
    verdicts,
    volumes,
)

BATCH = 20_000
"""Rows of a table that are deleted at one time: what remains is for the next time."""


def purge(
    connection: sa.Connection, retention: Retention, now: datetime, most: int | None = BATCH
) -> int:
    """Delete what is older than its retention, `most` rows of a table; how many rows that were.

    - `verdicts`: intervals of verdicts that ended, resolved incidents with their alerts, and
      schemas that were superseded with their changes;
    - `gaps`: closed gaps, except accepted ones: they keep a record from being reported again;
    - `hours`: record versions expected by the hour.

    Nothing that is open, latest or unsent is ever deleted.
    """
    deleted = _delete(connection, verdicts, verdicts.c.ended_at < now - retention.verdicts, most)
    closed = sa.and_(owed.c.closed_at < now - retention.gaps, owed.c.closed_reason != "accepted")
    deleted += _delete(connection, owed, closed, most)
    deleted += connection.execute(
        volumes.delete().where(volumes.c.hour < now - retention.hours)
    ).rowcount
    deleted += _purge_schemas(connection, now - retention.verdicts, most)
    return deleted + _purge_incidents(connection, now - retention.verdicts, most)


def _purge_schemas(connection: sa.Connection, before: datetime, most: int | None) -> int:
    deleted = _delete(connection, schema_changes, schema_changes.c.closed_at < before, most)
    has_changes = sa.exists().where(schema_changes.c.baseline_id == baselines.c.id)
    old = sa.and_(baselines.c.superseded_at < before, ~has_changes)
    return deleted + _delete(connection, baselines, old, most)


def _purge_incidents(connection: sa.Connection, before: datetime, most: int | None) -> int:
    unsent = sa.exists().where(outbox.c.incident_id == incidents.c.id, outbox.c.sent_at.is_(None))
    query = sa.select(incidents.c.id).where(incidents.c.resolved_at < before, ~unsent).limit(most)
    ids = connection.execute(query).scalars().all()
    if not ids:
        return 0
    return sum(
        connection.execute(table.delete().where(column.in_(ids))).rowcount
        for table, column in (
            (outbox, outbox.c.incident_id),
            (transitions, transitions.c.incident_id),
            (incidents, incidents.c.id),
        )
    )


def _delete(
    connection: sa.Connection, table: sa.Table, old: sa.ColumnElement[bool], most: int | None
) -> int:
    batch = sa.select(table.c.id).where(old).limit(most)
    return connection.execute(table.delete().where(table.c.id.in_(batch))).rowcount
