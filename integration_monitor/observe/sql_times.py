"""Times in users' tables: ranges and clocks, as each kind of database understands them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from integration_monitor.observe.columns import Column, naive
from integration_monitor.observe.dialects import dialect_of
from integration_monitor.observe.side import ReadError

_SQLITE_SLACK = timedelta(seconds=1)
"""A Julian day is a float, exact to some 0.05 ms: the range is read wider and filtered again."""
_TIMELESS = ("integer", "wide", "number", "uuid", "binary")


def clock(dialect: sa.Dialect) -> sa.Select[Any]:
    """The database's own time in UTC."""
    return sa.select(sa.literal_column(dialect_of(dialect).clock).label("now"))


def moment(column: Column, dialect: sa.Dialect) -> sa.ColumnElement[Any]:
    """An expression that orders by time, and is null where the column holds none."""
    if dialect.name == "sqlite":
        # SQLite keeps times as text in any spelling; numbers would be read as Julian days.
        text = sa.case((sa.func.typeof(column.value) == "text", column.value))
        return sa.func.julianday(text, type_=sa.Float())
    if column.kind == "text":
        return dialect_of(dialect).text_time(column.value)
    if column.kind in _TIMELESS:
        held = column.type_text or column.kind
        raise ReadError("config", f"column `{column.name}` holds no times but {held}")
    return column.value


def within(
    column: Column, dialect: sa.Dialect, start: datetime, end: datetime
) -> sa.ColumnElement[bool]:
    """That the column's time lies in `[start, end)`, or a little more than that."""
    at = moment(column, dialect)
    if dialect.name == "sqlite":
        low = sa.func.julianday(_sqlite_text(start - _SQLITE_SLACK))
        high = sa.func.julianday(_sqlite_text(end + _SQLITE_SLACK))
        return sa.and_(at >= low, at < high)
    if column.kind == "date":
        first, last = (sa.literal(_next_midnight(bound), sa.Date()) for bound in (start, end))
        return sa.and_(at >= first, at < last)
    low_bound, high_bound = _bounds(column, dialect, start, end)
    return sa.and_(at >= low_bound, at < high_bound)


def _bounds(
    column: Column, dialect: sa.Dialect, start: datetime, end: datetime
) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    wording = dialect_of(dialect)
    aware = column.kind in ("aware", "other")
    if column.kind == "text":
        aware = wording.text_is_aware
        start, end = start - wording.text_slack, end + wording.text_slack
    if aware:
        return sa.literal(start, wording.aware), sa.literal(end, wording.aware)
    return sa.literal(naive(start), wording.naive), sa.literal(naive(end), wording.naive)


def _next_midnight(at: datetime) -> date:
    """The first day that begins at this moment or after it, in UTC."""
    day = at.astimezone(UTC).date()
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return day if begins == at else day + timedelta(days=1)


def _sqlite_text(at: datetime) -> str:
    return naive(at).isoformat(sep=" ", timespec="milliseconds")
