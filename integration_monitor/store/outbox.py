"""Alerts that were decided, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.store.tables import outbox


@dataclass(frozen=True)
class Queued:
    """An alert on its way to one channel."""

    id: int
    dedup_key: str
    """The same at every attempt to deliver this alert."""
    incident_id: int
    channel: str
    alert: Mapping[str, object]
    """What is told, as JSON: see `integration_monitor.alerts.payload`."""
    created_at: datetime
    attempts: int
    """Attempts that failed."""
    next_attempt_at: datetime
    error: str | None
    """Why the last attempt failed; holds no secret."""


def add(
    connection: sa.Connection,
    *,
    dedup_key: str,
    incident_id: int,
    channel: str,
    reason: str,
    alert: Mapping[str, object],
    at: datetime,
) -> None:
    """Queue an alert, due at once; one with a known dedup key is left out."""
    connection.execute(
        insert(outbox)
        .values(
            dedup_key=dedup_key,
            incident_id=incident_id,
            channel=channel,
            transition=reason,
            alert=dict(alert),
            created_at=at,
            next_attempt_at=at,
        )
        .on_conflict_do_nothing(index_elements=[outbox.c.dedup_key])
    )


def told(connection: sa.Connection, incident_id: int) -> frozenset[str]:
    """The channels to which an alert of the incident was queued, sent or not."""
    query = sa.select(outbox.c.channel).where(outbox.c.incident_id == incident_id).distinct()
    return frozenset(connection.execute(query).scalars())


def due_channels(connection: sa.Connection, now: datetime) -> tuple[str, ...]:
    """The channels that have something to be sent now."""
    query = sa.select(outbox.c.channel).where(_due(now)).distinct().order_by(outbox.c.channel)
    return tuple(connection.execute(query).scalars())


def lease(
    connection: sa.Connection, channel: str, now: datetime, lease_for: timedelta
) -> Queued | None:
    """Take the channel's oldest alert that is due, for nobody else to send until the lease ends.

    An alert is not due while an earlier one of its incident and channel is unsent. Whoever dies
    with a lease leaves the alert to the next one after it.
    """
    query = (
        sa.select(outbox)
        .where(outbox.c.channel == channel, _due(now))
        .order_by(outbox.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    connection.execute(
        outbox.update().where(outbox.c.id == row.id).values(leased_until=now + lease_for)
    )
    return _queued(row)


def mark_sent(connection: sa.Connection, alert_id: int, at: datetime) -> None:
    """The channel said that it has the alert."""
    connection.execute(
        outbox.update()
        .where(outbox.c.id == alert_id, outbox.c.sent_at.is_(None))
        .values(sent_at=at, leased_until=None, error=None)
    )


def mark_failed(
    connection: sa.Connection, alert_id: int, error: str, next_attempt_at: datetime
) -> None:
    """The attempt failed; the alert is due again later."""
    connection.execute(
        outbox.update()
        .where(outbox.c.id == alert_id, outbox.c.sent_at.is_(None))
        .values(
            attempts=outbox.c.attempts + 1,
            next_attempt_at=next_attempt_at,
            leased_until=None,
            error=error,
        )
    )


def give_up(connection: sa.Connection, channels: Collection[str], before: datetime) -> int:
    """Delete alerts that wait since before a time for a channel that is none of `channels`."""
    given_up = connection.execute(
        outbox.delete().where(
            outbox.c.sent_at.is_(None),
            outbox.c.created_at < before,
            outbox.c.channel.not_in(channels),
        )
    )
    return given_up.rowcount


def undelivered(connection: sa.Connection) -> tuple[Queued, ...]:
    """The alerts that were not sent yet, oldest first."""
    query = sa.select(outbox).where(outbox.c.sent_at.is_(None)).order_by(outbox.c.id)
    return tuple(_queued(row) for row in connection.execute(query))


def _due(now: datetime) -> sa.ColumnElement[bool]:
    earlier = outbox.alias("earlier")
    waits_for_an_earlier_one = sa.exists().where(
        earlier.c.incident_id == outbox.c.incident_id,
        earlier.c.channel == outbox.c.channel,
        earlier.c.id < outbox.c.id,
        earlier.c.sent_at.is_(None),
    )
    return sa.and_(
        outbox.c.sent_at.is_(None),
        outbox.c.next_attempt_at <= now,
        sa.or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= now),
        ~waits_for_an_earlier_one,
    )


def _queued(row: sa.Row[tuple[object, ...]]) -> Queued:
    return Queued(
        id=row.id,
        dedup_key=row.dedup_key,
        incident_id=row.incident_id,
        channel=row.channel,
        alert=row.alert,
        created_at=row.created_at,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        error=row.error,
    )
