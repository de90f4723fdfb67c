"""What became of events at each sink: taking what is due, and writing down how it went."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from integration_monitor.store.arrays import unnest
from integration_monitor.store.webhook_queue import STORED, StoredEvent, stored_event
from integration_monitor.store.webhook_tables import webhook_deliveries, webhook_events

_REACHES = (2_000, 50_000, None)
"""Among the oldest events it shows which are held back; further ones are rarely needed."""


class Lane(NamedTuple):
    """The way of an integration's events to one sink."""

    integration: str
    sink: str

    def __str__(self) -> str:
        return f"{self.integration} → {self.sink}"


@dataclass(frozen=True)
class Due:
    """An event that a sink is to get now."""

    event: StoredEvent
    attempts: int
    """Attempts that failed."""
    waiting_since: datetime


@dataclass(frozen=True)
class Attempted:
    """How an attempt went."""

    event: int
    error: str | None = None
    """None: it was delivered."""
    again_at: datetime | None = None
    """None: it was delivered, or given up."""


def due_lanes(connection: sa.Connection, lanes: Sequence[Lane], now: datetime) -> tuple[Lane, ...]:
    """Which of these have something that is due, be it held back by what came earlier."""
    if not lanes:
        return ()
    named = unnest(*zip(*lanes, strict=True)).table_valued(*Lane._fields, name="lane")
    lane = named.render_derived()
    there = sa.exists().where(
        webhook_deliveries.c.integration == lane.c.integration,
        webhook_deliveries.c.sink == lane.c.sink,
        _is_due(now),
    )
    query = sa.select(lane.c.integration, lane.c.sink).where(there)
    return tuple(Lane(*row) for row in connection.execute(query))


def take(
    connection: sa.Connection,
    lane: Lane,
    now: datetime,
    limit: int,
    *,
    least_tried: bool = False,
) -> tuple[Due, ...]:
    """The oldest events that are due, locked until the transaction ends: nobody else gets them.

    Of events with one order key only the first that waits, whoever is at it. With
    `least_tried` first those that failed the least: not always the same one.
    """
    for reach in _REACHES:
        found = _first(connection, lane, now, limit, reach, least_tried=least_tried)
        if found:
            return found
    return ()


def _first(
    connection: sa.Connection,
    lane: Lane,
    now: datetime,
    limit: int,
    reach: int | None,
    *,
    least_tried: bool,
) -> tuple[Due, ...]:
    """As `take`, among the oldest that wait; `reach`: how many of these are looked at."""
    waiting = (
        sa.select(webhook_deliveries.c.event, webhook_deliveries.c.order_key)
        .where(*waiting_for(lane))
        .order_by(webhook_deliveries.c.event)
        .limit(reach)
        .subquery("waiting")
    )
    first = sa.func.min(waiting.c.event).over(partition_by=waiting.c.order_key)
    ranked = sa.select(waiting, first.label("first")).subquery("ranked")
    free = sa.select(ranked.c.event).where(
        sa.or_(ranked.c.order_key.is_(None), ranked.c.event == ranked.c.first)
    )
    order = [webhook_deliveries.c.attempts] if least_tried else []
    query = (
        sa.select(*STORED, webhook_deliveries.c.attempts, webhook_deliveries.c.waiting_since)
        .join(webhook_events, webhook_events.c.id == webhook_deliveries.c.event)
        .where(*waiting_for(lane), _is_due(now), webhook_deliveries.c.event.in_(free))
        .order_by(*order, webhook_deliveries.c.event)
        .limit(limit)
        .with_for_update(of=webhook_deliveries, skip_locked=True)
    )
    return tuple(
        Due(stored_event(row), row.attempts, row.waiting_since) for row in connection.execute(query)
    )


def record(
    connection: sa.Connection, lane: Lane, attempted: Sequence[Attempted], now: datetime
) -> None:
    """Write down how attempts went, in the transaction that took the events."""
    if not attempted:
        return
    connection.execute(
        webhook_deliveries.update().where(
            webhook_deliveries.c.event == sa.bindparam("b_event"),
            webhook_deliveries.c.sink == sa.bindparam("b_sink"),
        ).values(attempts=webhook_deliveries.c.attempts + 1),
        [_changes(lane, one, now) for one in attempted],
    )  # fmt: skip
    settle(connection, [one.event for one in attempted if one.again_at is None], now)


def give_up(
    connection: sa.Connection, lane: Lane, *, waiting_before: datetime, error: str, now: datetime
) -> int:
    """What waited since before a time is dead, tried or not; how many."""
    # What another worker is trying just now may yet be delivered.
    free = (
        sa.select(webhook_deliveries.c.event)
        .where(*waiting_for(lane), webhook_deliveries.c.waiting_since <= waiting_before)
        .with_for_update(skip_locked=True)
    )
    statement = (
        webhook_deliveries.update()
        .where(webhook_deliveries.c.sink == lane.sink, webhook_deliveries.c.event.in_(free))
        .values(state="dead", error=error)
        .returning(webhook_deliveries.c.event)
    )
    events = connection.execute(statement).scalars().all()
    settle(connection, events, now)
    return len(events)


def withdraw(connection: sa.Connection, events: Collection[int]) -> None:
    """Let no sink wait for these any more."""
    if not events:
        return
    ids = sa.any_(sa.cast(sorted(events), sa.ARRAY(sa.BigInteger)))
    key = (webhook_deliveries.c.event, webhook_deliveries.c.sink)
    # Who is delivering one just now holds it, and then needs the event, which we may hold.
    free = (
        sa.select(*key)
        .where(webhook_deliveries.c.event == ids, webhook_deliveries.c.state == "waiting")
        .with_for_update(skip_locked=True)
    )
    connection.execute(webhook_deliveries.delete().where(sa.tuple_(*key).in_(free)))


def waiting_lanes(connection: sa.Connection) -> tuple[Lane, ...]:
    """The lanes that events wait in, whatever manifests say of them."""
    query = (
        sa.select(webhook_deliveries.c.integration, webhook_deliveries.c.sink)
        .where(webhook_deliveries.c.state == "waiting")
        .distinct()
    )
    return tuple(Lane(*row) for row in connection.execute(query))


def waiting_for(lane: Lane) -> tuple[sa.ColumnElement[bool], ...]:
    """Which deliveries wait in a lane."""
    return (
        webhook_deliveries.c.integration == lane.integration,
        webhook_deliveries.c.sink == lane.sink,
        webhook_deliveries.c.state == "waiting",
    )


def settle(connection: sa.Connection, events: Collection[int], now: datetime) -> None:
    """Say of events what follows from their deliveries: processed, dead, or neither yet."""
    if not events:
        return
    ids = sa.any_(sa.cast(sorted(events), sa.ARRAY(sa.BigInteger)))
    # Two sinks may be done with an event at the same time. Whoever comes second waits here, and
    # then sees in the next statement what the first one did.
    lock = sa.select(webhook_events.c.id).where(webhook_events.c.id == ids)
    connection.execute(lock.order_by(webhook_events.c.id).with_for_update())
    deliveries = webhook_deliveries
    told = deliveries.c.sink + ": " + sa.func.coalesce(deliveries.c.error, "")
    dead = deliveries.c.state == "dead"
    summary = (
        sa.select(
            deliveries.c.event,
            sa.func.bool_or(dead).label("is_dead"),
            sa.func.bool_or(deliveries.c.state == "waiting").label("is_waiting"),
            sa.func.string_agg(told, "; ").filter(dead).label("error"),
        )
        .where(deliveries.c.event == ids)
        .group_by(deliveries.c.event)
        .subquery("summary")
    )
    state = sa.case(
        (summary.c.is_dead, "dead"), (summary.c.is_waiting, "received"), else_="processed"
    )
    connection.execute(
        webhook_events.update()
        .where(webhook_events.c.id == summary.c.event, webhook_events.c.queued_at.is_not(None))
        .values(
            state=state,
            error=summary.c.error,
            processed_at=sa.case((state != "received", now)),
        )
    )


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        webhook_deliveries.c.state == "waiting", webhook_deliveries.c.next_attempt_at <= now
    )


def _changes(lane: Lane, one: Attempted, now: datetime) -> dict[str, object]:
    delivered = one.error is None
    state = "delivered" if delivered else "waiting" if one.again_at else "dead"
    return {
        "b_event": one.event,
        "b_sink": lane.sink,
        "state": state,
        "next_attempt_at": one.again_at or now,
        "delivered_at": now if delivered else None,
        "error": one.error,
    }
