"""Which events wait, and when a worker last did something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.signals.webhook_facts import Waiting
from integration_monitor.store.webhook_tables import webhook_deliveries, webhook_events


def read(connection: sa.Connection, names: Sequence[str]) -> Mapping[str, Mapping[str, Waiting]]:
    """By integration and tenant: what is not processed."""
    events, deliveries = webhook_events.c, webhook_deliveries.c
    tried = (
        sa.select(deliveries.event)
        .where(deliveries.state == "waiting", deliveries.attempts > 0)
        .where(deliveries.integration.in_(list(names)))
        .distinct()
        .subquery()
    )
    is_tried = tried.c.event.is_not(None)
    waiting_since = sa.func.coalesce(events.replayed_at, events.received_at)
    query = (
        sa.select(
            events.integration,
            events.tenant,
            sa.func.count(),
            sa.func.min(waiting_since).filter(~is_tried),
            sa.func.count().filter(is_tried),
        )
        .select_from(webhook_events.outerjoin(tried, tried.c.event == events.id))
        .where(events.state == "received", events.integration.in_(list(names)))
        .group_by(events.integration, events.tenant)
    )
    found: dict[str, dict[str, Waiting]] = defaultdict(dict)
    for name, tenant, count, oldest, retried in connection.execute(query):
        found[name][tenant] = Waiting(count, oldest, retried)
    return found


def last_processed(
    connection: sa.Connection, names: Sequence[str], after: int
) -> Mapping[str, datetime]:
    """When one of the events with an id above `after` was last read or finished."""
    events = webhook_events.c
    query = (
        sa.select(
            events.integration,
            sa.func.max(sa.func.greatest(events.queued_at, events.processed_at)).label("at"),
        )
        .where(events.id > after, events.integration.in_(list(names)))
        .group_by(events.integration)
    )
    return {row[0]: row[1] for row in connection.execute(query) if row[1] is not None}
