"""Events for people: lists of them, one with all that is known of it, and how many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from integration_monitor.store.webhook_queue import another_was_first
from integration_monitor.store.webhook_tables import (
    webhook_counts,
    webhook_deliveries,
    webhook_events,
    webhook_rejections,
)

_AT_ONCE = 1000
_REPEATED = ("unavailable", "crowded")
"""Requests that were answered 503: the partner sends them again."""


@dataclass(frozen=True)
class ListedEvent:
    """An event without its headers and body."""

    id: int
    integration: str
    connection: str
    event_id: str
    conflicting: bool
    type: str | None
    unified_type: str | None
    tenant: str
    object_id: str | None
    order_key: str | None
    occurred_at: datetime | None
    received_at: datetime
    queued_at: datetime | None
    processed_at: datetime | None
    replayed_at: datetime | None
    """When it was last put back to be read once more."""
    state: str
    error: str | None


@dataclass(frozen=True)
class Delivery:
    """What became of an event at a sink."""

    sink: str
    state: str
    attempts: int
    waiting_since: datetime
    next_attempt_at: datetime
    delivered_at: datetime | None
    error: str | None


@dataclass(frozen=True)
class WholeEvent:
    """All that is known of an event."""

    event: ListedEvent
    headers: Mapping[str, str]
    body: bytes
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True)
class Numbers:
    """An integration's events, as far back as they are kept."""

    received: int = 0
    duplicates: int = 0
    rejected: int = 0
    """Requests, for whatever reason but our own."""
    processed: int = 0
    not_handed_on: int = 0
    """Of the processed ones, those of types that the manifest does not name."""
    dead: int = 0
    backlog: int = 0


_NOT_YET_FLAGGED = sa.and_(webhook_events.c.queued_at.is_(None), another_was_first())
_CONFLICTING = sa.or_(webhook_events.c.conflicting, _NOT_YET_FLAGGED).label("conflicting")
_LISTED = tuple(
    _CONFLICTING if name == "conflicting" else webhook_events.c[name]
    for name in ListedEvent.__dataclass_fields__
)


def listed(
    connection: sa.Connection,
    *,
    integration: str | None = None,
    since: datetime | None = None,
    state: str | None = None,
    last: int | None = None,
) -> Iterator[ListedEvent]:
    """Events in the order in which they came, read as they are asked for; the `last` ones only."""
    query = sa.select(*_LISTED)
    if integration is not None:
        query = query.where(webhook_events.c.integration == integration)
    if since is not None:
        query = query.where(webhook_events.c.received_at >= since)
    if state is not None:
        query = query.where(webhook_events.c.state == state)
    if last is None:
        query = query.order_by(webhook_events.c.id)
    else:
        newest = query.order_by(webhook_events.c.id.desc()).limit(last).subquery()
        query = sa.select(*newest.c).order_by(newest.c.id)
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(query)
    yield from (ListedEvent(*row) for row in rows)


def found(
    connection: sa.Connection,
    event_id: str,
    *,
    integration: str | None = None,
    whose: str | None = None,
) -> tuple[WholeEvent, ...]:
    """The events with a partner's id; of a connection, `whose` is its name."""
    query = sa.select(*_LISTED, webhook_events.c.headers, webhook_events.c.body).where(
        *_named(event_id, integration, whose)
    )
    rows = connection.execute(query.order_by(webhook_events.c.id)).all()
    deliveries = _deliveries(connection, [row.id for row in rows])
    return tuple(
        WholeEvent(ListedEvent(*row[:-2]), row.headers, row.body, tuple(deliveries[row.id]))
        for row in rows
    )


def senders(
    connection: sa.Connection,
    event_id: str,
    *,
    integration: str | None = None,
    whose: str | None = None,
) -> tuple[tuple[str, str], ...]:
    """The integrations and connections that have an event with a partner's id, in order."""
    sender = (webhook_events.c.integration, webhook_events.c.connection)
    query = sa.select(*sender).where(*_named(event_id, integration, whose)).distinct()
    return tuple(sorted((row[0], row[1]) for row in connection.execute(query)))


def numbers(
    connection: sa.Connection, *, integration: str | None = None, since: datetime | None = None
) -> dict[str, Numbers]:
    """How many there are, by integration. `since` is a full hour: counts are by the hour."""
    queries = (
        (_counted(), webhook_counts.c.hour),
        (_rejected(), webhook_rejections.c.minute),
        (_by_state(), webhook_events.c.received_at),
    )
    sums: dict[str, dict[str, int]] = defaultdict(dict)
    for query, at in queries:
        wanted = query if since is None else query.where(at >= since)
        if integration is not None:
            wanted = wanted.where(at.table.c.integration == integration)
        for row in connection.execute(wanted).mappings():
            values = dict(row)
            sums[values.pop("integration")].update(values)
    return {name: Numbers(**values) for name, values in sorted(sums.items())}


def _named(
    event_id: str, integration: str | None, whose: str | None
) -> Iterator[sa.ColumnElement[bool]]:
    yield webhook_events.c.event_id == event_id
    if integration is not None:
        yield webhook_events.c.integration == integration
    if whose is not None:
        yield webhook_events.c.connection == whose


def _counted() -> sa.Select[Any]:
    counts = webhook_counts.c
    return sa.select(
        counts.integration,
        _sum(counts.received).label("received"),
        _sum(counts.duplicates).label("duplicates"),
    ).group_by(counts.integration)


def _rejected() -> sa.Select[Any]:
    rejections = webhook_rejections.c
    return (
        sa.select(rejections.integration, _sum(rejections.requests).label("rejected"))
        .where(rejections.reason.not_in(_REPEATED))
        .group_by(rejections.integration)
    )


def _by_state() -> sa.Select[Any]:
    events = webhook_events.c
    processed = events.state == "processed"
    return sa.select(
        events.integration,
        sa.func.count().filter(processed).label("processed"),
        sa.func.count().filter(processed, _is_unnamed()).label("not_handed_on"),
        sa.func.count().filter(events.state == "dead").label("dead"),
        sa.func.count().filter(events.state == "received").label("backlog"),
    ).group_by(events.integration)


def _is_unnamed() -> sa.ColumnElement[bool]:
    """Of what is processed; what others stand for has a reason."""
    return sa.and_(webhook_events.c.unified_type.is_(None), webhook_events.c.error.is_(None))


def _sum(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.sum(column), sa.BigInteger)


def _deliveries(connection: sa.Connection, events: Sequence[int]) -> dict[int, list[Delivery]]:
    columns = [webhook_deliveries.c[name] for name in Delivery.__dataclass_fields__]
    query = (
        sa.select(webhook_deliveries.c.event, *columns)
        .where(webhook_deliveries.c.event.in_(events))
        .order_by(webhook_deliveries.c.sink)
    )
    by_event: dict[int, list[Delivery]] = defaultdict(list)
    for row in connection.execute(query):
        by_event[row[0]].append(Delivery(*row[1:]))
    return by_event
