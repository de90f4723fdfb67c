"""Times in users' tables: ranges and clocks, as each kind of database understands them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from integration_monitor.observe.columns import Column, naive
from integration_monitor.observe.side import ReadError

_CLOCKS = {
    "postgresql": "clock_timestamp()",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')",
    "mysql": "utc_timestamp(6)",
    "mariadb": "utc_timestamp(6)",
    "mssql": "sysutcdatetime()",
    "oracle": "sys_extract_utc(systimestamp)",
}
_SQLITE_SLACK = timedelta(seconds=1)
"""A Julian day is a float, exact to some 0.05 ms: the range is read wider and filtered again."""


def clock(dialect: str) -> sa.Select[Any]:
    """The database's own time in UTC."""
    text = _CLOCKS.get(dialect, "current_timestamp")
    return sa.select(sa.literal_column(text).label("now"))


def moment(column: Column, dialect: str) -> sa.ColumnElement[Any]:
    """An expression that orders by time, and is null where the column holds none."""
    if dialect == "sqlite":
        # SQLite keeps times as text in any spelling; numbers would be read as Julian days.
        text = sa.case((sa.func.typeof(column.value) == "text", column.value))
        return sa.func.julianday(text, type_=sa.Float())
    if column.kind == "text" and dialect == "postgresql":
        return sa.cast(sa.func.nullif(column.value, ""), sa.DateTime(timezone=True))
    if column.kind in ("integer", "number", "uuid"):
        raise ReadError("config", f"column `{column.name}` holds no times but {column.kind}s")
    return column.value


def within(column: Column, dialect: str, start: datetime, end: datetime) -> sa.ColumnElement[bool]:
    """That the column's time lies in `[start, end)`, or a little more than that."""
    at = moment(column, dialect)
    if dialect == "sqlite":
        low = sa.func.julianday(_sqlite_text(start - _SQLITE_SLACK))
        high = sa.func.julianday(_sqlite_text(end + _SQLITE_SLACK))
        return sa.and_(at >= low, at < high)
    type_ = sa.DateTime(timezone=column.kind not in ("naive", "date"))
    bounds = (start, end) if type_.timezone else (naive(start), naive(end))
    low_bound, high_bound = (sa.literal(bound, type_) for bound in bounds)
    return sa.and_(at >= low_bound, at < high_bound)


def _sqlite_text(at: datetime) -> str:
    return naive(at).isoformat(sep=" ", timespec="milliseconds")
