"""Events that were received, on their way to the deliveries that each sink is to get."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.store.arrays import each_text
from integration_monitor.store.webhook_tables import webhook_deliveries, webhook_events

_LOCK = "webhooks"


@dataclass(frozen=True)
class StoredEvent:
    """A partner's event as it is stored."""

    id: int
    integration: str
    connection: str
    event_id: str
    digest: bytes
    conflicting: bool
    type: str | None
    tenant: str
    object_id: str | None
    order_key: str | None
    occurred_at: datetime | None
    received_at: datetime
    headers: Mapping[str, str]
    body: bytes
    entry: int | None
    """Of its request's list, from 1 on; None: its body is that of the request."""


@dataclass(frozen=True)
class Read:
    """What was read from an event."""

    id: int
    type: str | None
    tenant: str
    object_id: str | None
    order_key: str | None
    occurred_at: datetime | None
    unified_type: str | None
    """None where it is not handed on."""
    error: str | None = None
    """Why it cannot be handed on."""
    replaced: str | None = None
    """What stands for it, where it is not handed on itself."""


STORED = tuple(webhook_events.c[name] for name in StoredEvent.__dataclass_fields__)


def unqueued(connection: sa.Connection, integrations: Sequence[str]) -> tuple[str, ...]:
    """Which of these have events that nobody has read."""
    name = each_text(integrations)
    there = sa.exists().where(webhook_events.c.integration == name, _unqueued())
    return tuple(connection.execute(sa.select(name).where(there)).scalars())


def take(connection: sa.Connection, integration: str, limit: int) -> tuple[StoredEvent, ...]:
    """The oldest events that nobody has read, locked until the transaction ends.

    One worker at a time reads an integration's, so that they get into the queues in the order in
    which they came; for others there are none meanwhile.
    """
    lock = sa.func.pg_try_advisory_xact_lock(sa.func.hashtext(_LOCK), sa.func.hashtext(integration))
    if not connection.execute(sa.select(lock)).scalar_one():
        return ()
    query = (
        sa.select(*STORED)
        .where(webhook_events.c.integration == integration, _unqueued())
        # All of `queued_at` is null; with it this is the order of an index.
        .order_by(webhook_events.c.queued_at, webhook_events.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = [stored_event(row) for row in connection.execute(query)]
    flagged = _flag(connection, [event.id for event in taken])
    return tuple(
        replace(event, conflicting=True) if event.id in flagged else event for event in taken
    )


def another_was_first() -> sa.ColumnElement[bool]:
    """Whether an unread event's id came with another body too, which is the one that stands.

    That is what was read before, or else what came first; what is flagged does not stand, so that
    the one that does may be replayed.
    """
    known = webhook_events.alias("known")
    key = ("integration", "connection", "event_id")
    return sa.exists().where(
        *(known.c[name] == webhook_events.c[name] for name in key),
        known.c.digest != webhook_events.c.digest,
        known.c.conflicting.is_(False),
        sa.or_(known.c.queued_at.is_not(None), known.c.id < webhook_events.c.id),
    )


def _flag(connection: sa.Connection, ids: Sequence[int]) -> Set[int]:
    """Flag those whose id came before with another body: receivers do not wait to look for it."""
    statement = (
        webhook_events.update()
        .where(
            webhook_events.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.BigInteger))),
            webhook_events.c.conflicting.is_(False),
            another_was_first(),
        )
        .values(conflicting=True)
        .returning(webhook_events.c.id)
    )
    return set(connection.execute(statement).scalars()) if ids else set()


def rename(connection: sa.Connection, event: int, event_id: str, digest: bytes) -> bool:
    """Give an event the id that it should have had, with its digest; if handed on it keeps its own.

    False, and nothing is changed, where its sender has the same event already.
    """
    statement = (
        webhook_events.update()
        .where(webhook_events.c.id == event, webhook_events.c.unified_type.is_(None))
        .values(event_id=event_id, digest=digest)
    )
    try:
        with connection.begin_nested():
            connection.execute(statement)
    except sa.exc.IntegrityError:  # a receiver may store it at this moment: only the index knows
        return False
    _flag(connection, [event])
    return True


def queue(
    connection: sa.Connection,
    integration: str,
    read: Sequence[Read],
    sinks: Collection[str],
    now: datetime,
) -> tuple[int, ...]:
    """Write down what was read, and let each sink have what is to be handed on.

    Returns the events of which no sink gets anything new, as may be after a replay: what is known
    of their deliveries says what they are.
    """
    if not read:
        return ()
    handed_on = [event for event in read if event.unified_type is not None and not event.error]
    fresh: set[int] = set()
    if handed_on and sinks:
        rows = [_delivery(integration, event, sink, now) for event in handed_on for sink in sinks]
        # After a replay some sinks have it already.
        statement = insert(webhook_deliveries).on_conflict_do_nothing()
        added = connection.execute(statement.returning(webhook_deliveries.c.event), rows)
        fresh = set(added.scalars())
    waiting = {event.id for event in handed_on} if sinks else set()
    connection.execute(
        webhook_events.update().where(webhook_events.c.id == sa.bindparam("b_id")),
        [_changes(event, event.id in waiting, now) for event in read],
    )
    return tuple(waiting - fresh)


def stored_event(row: Any) -> StoredEvent:
    """An event out of a row that has the columns `STORED`."""
    return StoredEvent(**{name: getattr(row, name) for name in StoredEvent.__dataclass_fields__})


def _unqueued() -> sa.ColumnElement[bool]:
    return sa.and_(webhook_events.c.queued_at.is_(None), webhook_events.c.state == "received")


def _delivery(integration: str, event: Read, sink: str, now: datetime) -> dict[str, object]:
    return {
        "event": event.id,
        "sink": sink,
        "integration": integration,
        "order_key": event.order_key,
        "state": "waiting",
        "waiting_since": now,
        "next_attempt_at": now,
    }


def _changes(event: Read, is_waiting: bool, now: datetime) -> dict[str, object]:
    state = "dead" if event.error else "received" if is_waiting else "processed"
    return {
        "b_id": event.id,
        "type": event.type,
        "tenant": event.tenant,
        "object_id": event.object_id,
        "order_key": event.order_key,
        "occurred_at": event.occurred_at,
        "unified_type": event.unified_type,
        "queued_at": now,
        "state": state,
        "processed_at": None if state == "received" else now,
        "error": event.error or event.replaced,
    }
