"""Batches of calls, each stored once however often it is sent.

Which minutes are taken: callers refuse what `in_time` refuses, and say so to whoever sent it. What
reaches `add` from outside of its own wider bounds, or belongs to a day that was dropped already, is
counted as dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.store import partitions, seen_in_calls
from integration_monitor.store.call_batch import Batch, CallCount
from integration_monitor.store.call_tables import call_batches, roll_ups_due
from integration_monitor.store.engine import Store, StoreError
from integration_monitor.store.partitions import MINUTES, TENANT_MINUTES, Partitioned
from integration_monitor.store.storable import MOST, storable
from integration_monitor.store.table_parts import SCHEMA

AHEAD = timedelta(minutes=10)
"""How far in the future a call may have been made, by the clock of who made it."""
LATE_BY = timedelta(days=31)
FAR_AHEAD = timedelta(days=1)
"""Outside of these nothing is stored: a wrong clock would make partitions for centuries."""


def in_time(at: datetime, *, now: datetime, minutes: timedelta) -> bool:
    """Whether a call of that time is taken: not older than minutes are kept, nor in the future.

    `minutes` is what `retention` says of them.
    """
    return now - minutes <= at <= now + AHEAD


def add(store: Store, batch: Batch, *, now: datetime) -> bool:
    """Store a batch in one transaction; False where it was there already and nothing was done.

    Raises `StoreError` where the store is away or refuses: the batch can be sent again, whatever
    became of the first time.
    """
    try:
        with store.begin() as connection:
            return _add(connection, batch, now)
    except (psycopg.Error, sa.exc.DBAPIError) as error:
        raise StoreError(f"the store did not take a batch of calls: {_said(error)}") from error


def _add(connection: sa.Connection, batch: Batch, now: datetime) -> bool:
    if not _is_new(connection, batch, now):
        return False
    rows = [_row(count) for count in _kept(connection, batch.counts, now)]
    lost = sum(count.calls for count in batch.counts) - sum(row.calls for row in rows)
    if lost:
        connection.execute(
            call_batches.update()
            .where(call_batches.c.id == _id(batch))
            .values(calls=call_batches.c.calls - lost, dropped=call_batches.c.dropped + lost)
        )
    _copy(connection, TENANT_MINUTES, rows)
    _copy(connection, MINUTES, _all_tenants(rows))
    _make_due(connection, rows)
    seen_in_calls.add(connection, batch)
    return True


def _is_new(connection: sa.Connection, batch: Batch, now: datetime) -> bool:
    # Whoever sends the same batch at the same time waits here for the other's commit.
    row = {
        "id": _id(batch),
        "source": storable(batch.source),
        "received_at": now,
        "calls": sum(count.calls for count in batch.counts),
        "dropped": batch.dropped,
    }
    statement = insert(call_batches).values(row).on_conflict_do_nothing()
    return connection.execute(statement.returning(call_batches.c.id)).first() is not None


def _id(batch: Batch) -> str:
    # Cut like other texts, two of them might be the same.
    id_ = batch.id
    return storable(id_) if len(id_) <= MOST else sha256(id_.encode(errors="replace")).hexdigest()


def _kept(connection: sa.Connection, counts: Iterable[CallCount], now: datetime) -> list[CallCount]:
    """The counts that there are partitions for, which are made."""
    near = [count for count in counts if now - LATE_BY <= count.minute <= now + FAR_AHEAD]
    days = {minute: MINUTES.start(minute) for minute in {count.minute for count in near}}
    starts = frozenset(days.values())
    if not starts:
        return []
    dropped = partitions.ensure(connection, MINUTES, starts)
    dropped |= partitions.ensure(connection, TENANT_MINUTES, starts)
    return [count for count in near if days[count.minute] not in dropped]


class _Row(NamedTuple):
    """Of `tenant_minutes`, in the order of its columns."""

    minute: datetime
    integration: str
    endpoint: str
    tenant: str
    outcome: str
    bucket: int
    calls: int


def _row(count: CallCount) -> _Row:
    return _Row(
        count.minute, storable(count.integration), storable(count.endpoint),
        storable(count.tenant), count.outcome, count.bucket, count.calls,
    )  # fmt: skip


def _all_tenants(rows: Iterable[_Row]) -> list[tuple[object, ...]]:
    sums: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        sums[row.minute, row.integration, row.endpoint, row.outcome, row.bucket] += row.calls
    return [(*series, calls) for series, calls in sums.items()]


def _copy(connection: sa.Connection, into: Partitioned, rows: Sequence[tuple[object, ...]]) -> None:
    if not rows:
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - `open_store` chose it
    columns = ", ".join(into.table.c.keys())
    statement = f"COPY {SCHEMA}.{into.name} ({columns}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _make_due(connection: sa.Connection, rows: Iterable[_Row]) -> None:
    touched = {(row.minute, row.integration) for row in rows}
    hours = {(_hour(minute), integration) for minute, integration in touched}
    if hours:
        values = [
            {"grain": "hour", "start": hour, "integration": name} for hour, name in sorted(hours)
        ]
        connection.execute(roll_ups_due.insert(), values)


def _hour(minute: datetime) -> datetime:
    return minute.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _said(error: psycopg.Error | sa.exc.DBAPIError) -> str:
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(cause, psycopg.errors.UndefinedTable):
        return "its schema is older than this version: run `integration-monitor db upgrade`"
    # The first line alone: the others may quote the row.
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
