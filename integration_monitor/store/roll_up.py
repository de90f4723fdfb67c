"""Minutes are rolled up into hours, hours into days.

Whoever adds calls to an hour makes it due, in the same transaction. Rolling it up takes that mark
away and replaces what the hour was before: done twice it is the same, and what comes late makes its
hour due again. It goes on in small transactions, and stops between two of them when it has to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from integration_monitor.store import partitions
from integration_monitor.store.call_tables import roll_ups_due
from integration_monitor.store.engine import Store
from integration_monitor.store.partitions import (
    DAYS,
    HOURS,
    MINUTES,
    TENANT_MINUTES,
    Partitioned,
)

SETTLE = timedelta(minutes=5)
"""How long after its end an hour or a day is rolled up: most of what is late is there by then."""


@dataclass(frozen=True)
class Grain:
    """What is rolled up from what."""

    name: Literal["hour", "day"]
    length: timedelta
    source: Partitioned
    into: Partitioned
    at_once: int
    """Integrations in one transaction."""


HOUR = Grain("hour", timedelta(hours=1), TENANT_MINUTES, HOURS, at_once=50)
DAY = Grain("day", timedelta(days=1), HOURS, DAYS, at_once=10)


@dataclass(frozen=True)
class RolledUp:
    """What was done, and whether it was all that was due."""

    hours: int
    """Hours of an integration."""
    days: int
    """Days of an integration."""
    complete: bool


def roll_up(store: Store, *, now: datetime, enough: Callable[[], bool]) -> RolledUp:
    """Roll up the hours and days that ended, until nothing is due or `enough` says so.

    Raises `StoreError` where the store is away.
    """
    hours, hours_done = _all_due(store, HOUR, now, enough)
    days, days_done = _all_due(store, DAY, now, enough) if hours_done else (0, False)
    return RolledUp(hours, days, complete=hours_done and days_done)


def oldest_due(connection: sa.Connection, grain: Grain) -> datetime | None:
    """The start of the first hour or day that is still to be rolled up; None where none is."""
    query = sa.select(sa.func.min(roll_ups_due.c.start)).where(roll_ups_due.c.grain == grain.name)
    oldest: datetime | None = connection.execute(query).scalar_one()
    return oldest


def count_due(connection: sa.Connection, now: datetime) -> int:
    """How many hours and days of an integration ended and are not rolled up yet."""
    unit = (roll_ups_due.c.grain, roll_ups_due.c.start, roll_ups_due.c.integration)
    ended = sa.or_(
        *(
            sa.and_(
                roll_ups_due.c.grain == grain.name,
                roll_ups_due.c.start <= now - SETTLE - grain.length,
            )
            for grain in (HOUR, DAY)
        )
    )
    due = sa.select(*unit).where(ended).distinct().subquery()
    return connection.execute(sa.select(sa.func.count()).select_from(due)).scalar_one()


def _all_due(
    store: Store, grain: Grain, now: datetime, enough: Callable[[], bool]
) -> tuple[int, bool]:
    count = 0
    while not enough():
        with store.begin() as connection:
            done = _next_due(connection, grain, now - SETTLE - grain.length)
        if not done:
            return count, True
        count += done
    return count, False


def _next_due(connection: sa.Connection, grain: Grain, until: datetime) -> int:
    """Roll up some integrations of the first hour or day that is due; how many."""
    # Somebody else's roll-up of the same hour could be based on fewer minutes, and come later.
    lock = sa.func.pg_advisory_xact_lock(sa.func.hashtext("integration_monitor roll-up"))
    connection.execute(sa.select(lock))
    start = oldest_due(connection, grain)
    if start is None or start > until:
        return 0
    # Sums in memory, and no compiling of queries that take a second.
    connection.execute(sa.text("SET LOCAL work_mem = '64MB'"))
    connection.execute(sa.text("SET LOCAL jit = off"))
    integrations = _take(connection, grain, start)
    if not partitions.ensure(connection, grain.into, [grain.into.start(start)]):
        _replace(connection, grain, start, integrations)
    return len(integrations)


def _take(connection: sa.Connection, grain: Grain, start: datetime) -> Sequence[str]:
    """Take the marks away. What is added from now on leaves marks of its own."""
    is_due = sa.and_(roll_ups_due.c.grain == grain.name, roll_ups_due.c.start == start)
    names = sa.select(roll_ups_due.c.integration).where(is_due).distinct().limit(grain.at_once)
    taken = (
        roll_ups_due.delete()
        .where(is_due, roll_ups_due.c.integration.in_(names))
        .returning(roll_ups_due.c.integration)
    )
    return sorted(set(connection.execute(taken).scalars()))


def _replace(
    connection: sa.Connection, grain: Grain, start: datetime, integrations: Sequence[str]
) -> None:
    source, into = grain.source, grain.into
    tables = (MINUTES, TENANT_MINUTES) if grain is HOUR else ()
    for table in tables:
        compact(connection, table, start, start + grain.length, integrations)
    series = [source.table.c[name] for name in _SERIES]
    sums = (
        sa.select(sa.literal(start), *series, sa.func.sum(source.table.c.calls))
        .where(*_within(source, start, start + grain.length, integrations))
        .group_by(*series)
    )
    connection.execute(
        into.table.delete().where(*_within(into, start, start + grain.length, integrations))
    )
    connection.execute(into.table.insert().from_select([into.time, *_SERIES, "calls"], sums))
    if grain is HOUR:
        day = TENANT_MINUTES.start(start)
        due = [{"grain": DAY.name, "start": day, "integration": name} for name in integrations]
        connection.execute(roll_ups_due.insert(), due)


_SERIES = ("integration", "endpoint", "tenant", "outcome", "bucket")


def compact(
    connection: sa.Connection,
    of: Partitioned,
    start: datetime,
    end: datetime,
    integrations: Sequence[str],
) -> None:
    """Make one row of those that are alike: each process that flushes appends its own."""
    table = of.table
    alike = [column for column in table.c if column.name != "calls"]
    # Both parts of the statement see the same rows, so what is added meanwhile stays as it is.
    repeated = (
        sa.select(*alike)
        .where(*_within(of, start, end, integrations))
        .group_by(*alike)
        .having(sa.func.count() > 1)
        .cte("repeated")
    )
    gone = (
        table.delete()
        .where(
            *_within(of, start, end, integrations),
            *(column == repeated.c[column.name] for column in alike),
        )
        .returning(*table.c)
        .cte("gone")
    )
    names = [column.name for column in alike]
    columns = [gone.c[name] for name in names]
    sums = sa.select(*columns, sa.func.sum(gone.c.calls)).group_by(*columns)
    connection.execute(table.insert().from_select([*names, "calls"], sums))


def _within(
    of: Partitioned, start: datetime, end: datetime, integrations: Sequence[str]
) -> tuple[sa.ColumnElement[bool], ...]:
    time, names = of.table.c[of.time], sa.cast(list(integrations), sa.ARRAY(sa.Text))
    return time >= start, time < end, of.table.c.integration == sa.any_(names)
