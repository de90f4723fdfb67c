"""What is kept of webhooks, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from integration_monitor.manifest.domain import Retention
from integration_monitor.store.delete_old import Deleted, Old, count_old, delete_old
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_tables import (
    receiver_minutes,
    webhook_accepted,
    webhook_counts,
    webhook_deliveries,
    webhook_events,
    webhook_objects,
    webhook_rejections,
    webhook_requests,
)

LEARNED_FROM = timedelta(weeks=10)
"""Counts and minutes of the receiver are kept for as long at least: what is usual is learned from
five weeks of them, of which some may be weeks in which no receiver ran."""
_DAY = timedelta(days=1)


def keep_webhooks(
    store: Store, retention: Retention, *, now: datetime, enough: Callable[[], bool]
) -> Deleted:
    """Let go of what is older than its retention.

    - `webhooks`: events that reached all their sinks, with their bodies; the newest event of each
      object; how many requests were accepted and rejected; counts, minutes of the receiver and
      those in which it turned somebody away with 503, but `LEARNED_FROM` at least;
    - `gaps`: events that were given up, for somebody may replay them.

    What is not processed, or waits for a sink, is never deleted. Returns as soon as `enough` says
    so; what is left is for the next time. Raises `StoreError` where the store is away.
    """
    return delete_old(store, _old_rows(retention, now), enough)


def count_old_webhooks(connection: sa.Connection, retention: Retention, now: datetime) -> int:
    """How many rows are older than their retention."""
    return count_old(connection, _old_rows(retention, now))


def _old_rows(retention: Retention, now: datetime) -> Iterator[Old]:
    before = now - retention.webhooks
    learned = now - max(retention.webhooks, LEARNED_FROM)
    events = webhook_events.c
    is_old = sa.or_(
        sa.and_(events.state == "processed", events.received_at < before),
        sa.and_(events.state == "dead", events.received_at < now - retention.gaps),
    )
    waits = webhook_deliveries.alias("waits")
    is_done = ~sa.exists().where(waits.c.event == events.id, waits.c.state == "waiting")
    goes = sa.and_(is_old, is_done)
    of_event = sa.exists().where(events.id == webhook_deliveries.c.event, goes)
    yield webhook_deliveries, of_event
    yield webhook_events, goes
    # An event came when its request did: newer ones need not be looked at.
    has_events = sa.exists().where(
        events.request_id == webhook_requests.c.id, events.received_at < before + _DAY
    )
    yield webhook_requests, sa.and_(webhook_requests.c.received_at < before, ~has_events)
    yield webhook_objects, webhook_objects.c.occurred_at < before
    rejections = webhook_rejections.c
    is_learned = rejections.reason == "unavailable"  # as minutes without a receiver are
    goes_on = sa.and_(is_learned, rejections.minute >= learned)
    yield webhook_rejections, sa.and_(rejections.minute < before, ~goes_on)
    yield webhook_accepted, webhook_accepted.c.minute < before
    yield webhook_counts, webhook_counts.c.hour < learned
    yield receiver_minutes, receiver_minutes.c.minute < learned
