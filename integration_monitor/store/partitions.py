"""Partitions of the tables of calls: made when something is to be written, dropped by age.

They live in a schema of their own, named by table and first day: `call_minutes_20261121`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.store.call_tables import (
    call_days,
    call_hours,
    call_minutes,
    dropped_partitions,
    tenant_minutes,
)
from integration_monitor.store.table_parts import SCHEMA

PARTITIONS_SCHEMA = "integration_monitor_partitions"
_LOCK_WAIT = "3s"


@dataclass(frozen=True)
class Partitioned:
    """A table that is partitioned by its time column."""

    table: sa.Table
    time: str
    """The column: the start of a row's minute, hour or day."""
    span: Literal["day", "month"]
    """What a partition covers, in UTC."""

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    def start(self, at: datetime) -> datetime:
        """The start of the partition that a time belongs to."""
        day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return day if self.span == "day" else day.replace(day=1)

    def end(self, start: datetime) -> datetime:
        """Where the partition that begins at `start` ends."""
        return self.start(start + timedelta(days=1 if self.span == "day" else 31))


MINUTES = Partitioned(call_minutes, "minute", "day")
TENANT_MINUTES = Partitioned(tenant_minutes, "minute", "day")
HOURS = Partitioned(call_hours, "hour", "month")
DAYS = Partitioned(call_days, "day", "month")
ALL = (MINUTES, TENANT_MINUTES, HOURS, DAYS)


@dataclass(frozen=True)
class Partition:
    """One that exists."""

    of: Partitioned
    start: datetime

    @property
    def name(self) -> str:
        """Within its schema."""
        return f"{self.of.name}_{self.start:%Y%m%d}"

    @property
    def end(self) -> datetime:
        """The first time that belongs to the next one."""
        return self.of.end(self.start)


def ensure(
    connection: sa.Connection, of: Partitioned, starts: Collection[datetime]
) -> frozenset[datetime]:
    """Make the partitions that begin at `starts` where they are missing.

    Returns those that were dropped: they are not made again, for what was rolled up from them would
    be replaced by the little that comes late. One query where all exist, so nothing is remembered
    that another process could make untrue.
    """
    wanted = {Partition(of, start).name: start for start in starts}
    if not _missing(connection, wanted):
        return frozenset()
    _lock(connection)
    missing = _missing(connection, wanted)
    before: datetime | None = connection.execute(dropped_before(of)).scalar_one_or_none()
    dropped = {start for start in missing if before is not None and start < before}
    for start in sorted(missing - dropped):
        _create(connection, Partition(of, start))
    return frozenset(dropped)


def existing(connection: sa.Connection, of: Partitioned) -> tuple[Partition, ...]:
    """The partitions of a table, the oldest first."""
    query = sa.text(
        "SELECT child.relname FROM pg_inherits"
        " JOIN pg_class child ON child.oid = inhrelid"
        " WHERE inhparent = CAST(:parent AS regclass) ORDER BY 1"
    )
    names = connection.execute(query, {"parent": f"{SCHEMA}.{of.name}"}).scalars()
    return tuple(Partition(of, _start(name)) for name in names)


def drop(connection: sa.Connection, of: Partitioned, before: datetime) -> tuple[Partition, ...]:
    """Drop the partitions that ended before a time, for good: none as old is made again.

    Raises `OperationalError` where somebody reads the table for longer than it may wait: a drop
    that is waiting stops everybody else.
    """
    _lock(connection)
    old = tuple(partition for partition in existing(connection, of) if partition.end <= before)
    if old:
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'"))
    for partition in old:
        connection.execute(sa.text(f"DROP TABLE {PARTITIONS_SCHEMA}.{partition.name}"))
    row = {"partitioned": of.name, "before": of.start(before)}
    new = insert(dropped_partitions).values(row)
    connection.execute(
        new.on_conflict_do_update(
            index_elements=["partitioned"],
            set_={"before": new.excluded.before},
            where=dropped_partitions.c.before < new.excluded.before,
        )
    )
    return old


def dropped_before(of: Partitioned) -> sa.Select[Any]:
    """Up to when partitions were dropped; no row where none ever was."""
    return sa.select(dropped_partitions.c.before).where(dropped_partitions.c.partitioned == of.name)


def _missing(connection: sa.Connection, wanted: dict[str, datetime]) -> set[datetime]:
    # Not to_regclass: it answers from a cache, which waiting for an advisory lock does not refresh.
    query = sa.text(
        "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = :schema AND relname = ANY(:names)"
    )
    values = {"names": list(wanted), "schema": PARTITIONS_SCHEMA}
    found = connection.execute(query, values).scalars()
    return {wanted[name] for name in wanted.keys() - set(found)}


def _lock(connection: sa.Connection) -> None:
    lock = sa.func.pg_advisory_xact_lock(sa.func.hashtext("integration_monitor partitions"))
    connection.execute(sa.select(lock))


def _create(connection: sa.Connection, partition: Partition) -> None:
    # Attaching lets others go on reading and writing; `PARTITION OF` would lock them all out.
    parent, child = f"{SCHEMA}.{partition.of.name}", f"{PARTITIONS_SCHEMA}.{partition.name}"
    connection.execute(sa.text(f"CREATE TABLE {child} (LIKE {parent})"))
    connection.execute(
        sa.text(
            f"ALTER TABLE {parent} ATTACH PARTITION {child} FOR VALUES"
            f" FROM ('{partition.start.isoformat()}') TO ('{partition.end.isoformat()}')"
        )
    )


def _start(name: str) -> datetime:
    return datetime.strptime(name[-8:], "%Y%m%d").replace(tzinfo=UTC)
