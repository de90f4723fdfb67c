"""How much the store holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from integration_monitor.store import partitions
from integration_monitor.store.call_tables import call_batches
from integration_monitor.store.table_parts import SCHEMA, metadata

COUNTED_TO = 64 * 2**20
"""Bytes up to which the rows of a table are counted; of a larger one they are estimated."""

_SIZES = sa.text(
    """
    SELECT parent.relname AS name, parent.relkind = 'p' AS is_partitioned,
        count(child.oid) AS partitions,
        pg_total_relation_size(parent.oid)
            + coalesce(sum(pg_total_relation_size(child.oid)), 0)::bigint AS bytes,
        coalesce(sum(stat.n_live_tup), 0)::bigint AS estimate
    FROM pg_class parent
    LEFT JOIN pg_inherits ON inhparent = parent.oid
    LEFT JOIN pg_class child ON child.oid = inhrelid
    LEFT JOIN pg_stat_user_tables stat ON stat.relid = coalesce(child.oid, parent.oid)
    WHERE parent.relnamespace = CAST(:schema AS regnamespace)
    GROUP BY parent.oid, parent.relname, parent.relkind
    """
)


@dataclass(frozen=True)
class TableStats:
    """A table with its indexes and, where it has some, all its partitions."""

    name: str
    rows: int
    is_estimated: bool
    """Where the table is large: by PostgreSQL's statistics."""
    bytes: int
    oldest: datetime | None
    """Of a large table with partitions: where its first one begins."""
    newest: datetime | None
    """Of a large table with partitions: where its last one begins."""
    partitions: int | None
    """None where the table is not partitioned."""


@dataclass(frozen=True)
class BatchStats:
    """What was sent to the store since a time."""

    batches: int
    calls: int
    dropped: int
    """Calls that could not be kept anywhere, or came too late."""


def table_stats(connection: sa.Connection) -> tuple[TableStats, ...]:
    """All tables of the store, by name."""
    sizes = {row.name: row for row in connection.execute(_SIZES, {"schema": SCHEMA})}
    tables = sorted(metadata.tables.values(), key=lambda table: table.name)
    return tuple(_stats(connection, table, sizes[table.name]) for table in tables)


def batch_stats(connection: sa.Connection, since: datetime) -> BatchStats:
    """The batches that were received since a time."""
    total, added = sa.func.coalesce, sa.func.sum
    query = sa.select(
        sa.func.count(), total(added(call_batches.c.calls), 0),
        total(added(call_batches.c.dropped), 0),
    ).where(call_batches.c.received_at >= since)  # fmt: skip
    batches, calls, dropped = connection.execute(query).one()
    return BatchStats(batches, int(calls), int(dropped))


def _stats(connection: sa.Connection, table: sa.Table, size: sa.Row[Any]) -> TableStats:
    is_large = size.bytes > COUNTED_TO
    count = size.partitions if size.is_partitioned else None
    if is_large and size.is_partitioned:
        oldest, newest = _span(connection, table)
        rows = size.estimate
    else:
        number: sa.ColumnElement[int] = sa.literal(size.estimate) if is_large else sa.func.count()
        time = _time_of(table)
        query = sa.select(number, sa.func.min(time), sa.func.max(time)).select_from(table)
        rows, oldest, newest = connection.execute(query).one()
    return TableStats(table.name, rows, is_large, size.bytes, oldest, newest, count)


def _span(connection: sa.Connection, table: sa.Table) -> tuple[datetime | None, datetime | None]:
    of = next(each for each in partitions.ALL if each.table is table)
    found = partitions.existing(connection, of)
    return (found[0].start, found[-1].start) if found else (None, None)


def _time_of(table: sa.Table) -> sa.Column[Any]:
    """The first time that every row has."""
    return next(
        column for column in table.c if isinstance(column.type, sa.DateTime) and not column.nullable
    )
