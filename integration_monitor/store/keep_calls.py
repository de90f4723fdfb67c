"""What is kept of calls, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
import sqlalchemy as sa

from integration_monitor.manifest.domain import Retention
from integration_monitor.store import calls, partitions
from integration_monitor.store.call_tables import (
    call_batches,
    exemplars,
    notices,
    rate_limits,
    response_shapes,
)
from integration_monitor.store.delete_old import Old, count_old, delete_old
from integration_monitor.store.engine import Store
from integration_monitor.store.partitions import (
    DAYS,
    HOURS,
    MINUTES,
    TENANT_MINUTES,
    Partition,
    Partitioned,
)
from integration_monitor.store.roll_up import DAY, HOUR, Grain, oldest_due, roll_up


@dataclass(frozen=True)
class KeptCalls:
    """What was done, and whether it was all."""

    rolled_up: int
    """Hours and days of an integration."""
    dropped: tuple[str, ...]
    """Names of partitions."""
    deleted: int
    """Rows of the other tables."""
    complete: bool
    """False where there was no time left, or a table was in use: the next time goes on."""

    def __str__(self) -> str:
        """For a log; empty where nothing was done."""
        said = {
            f"{self.rolled_up} hours and days of calls rolled up": self.rolled_up,
            f"{len(self.dropped)} partitions of calls dropped": self.dropped,
            f"{self.deleted} old rows about calls deleted": self.deleted,
        }
        return "; ".join(text for text, done in said.items() if done)


def keep_calls(
    store: Store, retention: Retention, *, now: datetime, enough: Callable[[], bool]
) -> KeptCalls:
    """Roll up what is due, then let go of what is older than its retention.

    - `minutes`: minutes of calls, by whole days, once they are rolled up; the fields of answers
      that nobody compared; which batches were stored, for as long as their minutes are taken;
    - `hours`: hours of calls by whole months; exemplars, rate limits and notices;
    - `days`: days of calls by whole months.

    Returns as soon as `enough` says so; what is left is for the next time. Raises `StoreError`
    where the store is away.
    """
    rolled = roll_up(store, now=now, enough=enough)
    dropped: list[str] = []
    complete = rolled.complete
    for of, age, grain in _ages(retention):
        names = None if enough() else _drop(store, of, now - age, grain)
        dropped += names or []
        complete = complete and names is not None
    deleted = delete_old(store, _old_rows(retention, now), enough)
    return KeptCalls(
        rolled.hours + rolled.days, tuple(dropped), deleted.rows, complete and deleted.complete
    )


def old_partitions(
    connection: sa.Connection, retention: Retention, now: datetime
) -> tuple[Partition, ...]:
    """The partitions that are to be dropped, provided that what is in them was rolled up."""
    return tuple(
        partition
        for of, age, _ in _ages(retention)
        for partition in partitions.existing(connection, of)
        if partition.end <= now - age
    )


def count_old_rows(connection: sa.Connection, retention: Retention, now: datetime) -> int:
    """How many rows of the other tables are older than their retention."""
    return count_old(connection, _old_rows(retention, now))


def _ages(retention: Retention) -> tuple[tuple[Partitioned, timedelta, Grain | None], ...]:
    """Each table, how long its rows are kept, and what has to be rolled up from it before."""
    return (
        (MINUTES, retention.minutes, HOUR),
        (TENANT_MINUTES, retention.minutes, HOUR),
        (HOURS, retention.hours, DAY),
        (DAYS, retention.days, None),
    )


def _drop(store: Store, of: Partitioned, before: datetime, grain: Grain | None) -> list[str] | None:
    """Names of what was dropped; None where somebody reads the table for too long."""
    with store.begin() as connection:
        due = oldest_due(connection, grain) if grain else None
        until = before if due is None else min(before, due)
        try:
            with connection.begin_nested():
                return [partition.name for partition in partitions.drop(connection, of, until)]
        except sa.exc.OperationalError as error:
            if isinstance(error.orig, psycopg.errors.LockNotAvailable):
                return None
            raise


def _old_rows(retention: Retention, now: datetime) -> tuple[Old, ...]:
    # A batch that comes again is told by its id. Without the id it must have no minute that is
    # still taken, and none was further ahead of when it came than this.
    dropped = partitions.dropped_before(TENANT_MINUTES).scalar_subquery()
    return (
        (call_batches, call_batches.c.received_at < dropped - calls.FAR_AHEAD),
        (exemplars, exemplars.c.at < now - retention.hours),
        (response_shapes, response_shapes.c.seen_at < now - retention.minutes),
        (rate_limits, rate_limits.c.seen_at < now - retention.hours),
        (notices, notices.c.last_seen < now - retention.hours),
    )
