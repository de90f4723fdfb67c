"""Why events wait for a sink that is left alone, told where somebody looks at them."""

from __future__ import annotations

import sqlalchemy as sa

from integration_monitor.store.webhook_deliveries import Lane, waiting_for
from integration_monitor.store.webhook_tables import webhook_deliveries

AT_ONCE = 5_000
"""Of a sink that is down for days not all that waits is written at each look at it."""


def explain(connection: sa.Connection, lane: Lane, why: str) -> None:
    """Say `not tried:` and why of the oldest that were never tried and do not say so yet."""
    _write(connection, lane, f"not tried: {why}")


def forget(connection: sa.Connection, lane: Lane) -> None:
    """The sink takes events again: what still waits does so for another reason."""
    _write(connection, lane, None)


def _write(connection: sa.Connection, lane: Lane, error: str | None) -> None:
    deliveries = webhook_deliveries.c
    # What another worker is trying just now has a reason of its own in a moment.
    free = (
        sa.select(deliveries.event)
        .where(*waiting_for(lane), deliveries.attempts == 0)
        .where(deliveries.error.is_distinct_from(error))
        .order_by(deliveries.event)
        .limit(None if error is None else AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    connection.execute(
        webhook_deliveries.update()
        .where(deliveries.sink == lane.sink, deliveries.event.in_(free))
        .values(error=error)
    )
