"""The columns of a user's table or query: which there are, and how to compare with them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, cast

import psycopg
import sqlalchemy as sa

from integration_monitor.manifest.domain import SqlSide
from integration_monitor.observe.databases import Database
from integration_monitor.observe.side import ReadError

Kind = Literal["integer", "number", "uuid", "text", "aware", "naive", "date", "other"]

_WHOLE = re.compile(r"-?\d{1,19}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_INT64 = range(-(2**63), 2**63)
_POSTGRES: Mapping[str, Kind] = {
    "int2": "integer", "int4": "integer", "int8": "integer", "numeric": "number",
    "uuid": "uuid", "text": "text", "varchar": "text", "bpchar": "text",
    "timestamptz": "aware", "timestamp": "naive", "date": "date",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column by name, and what it holds."""

    name: str
    kind: Kind
    digits: int | None = None
    """Of a fraction of a second, where the type says so."""

    @property
    def value(self) -> sa.ColumnClause[Any]:
        """To be selected: as the driver gives it."""
        return sa.column(self.name)

    def is_one_of(self, texts: Iterable[str]) -> sa.ColumnElement[bool] | None:
        """That the column holds one of these keys, so that an index serves it.

        None where no key can be a value of the column's type.
        """
        if self.kind == "integer":
            whole = [int(text) for text in texts if _WHOLE.fullmatch(text)]
            return _among(self.value, sa.BigInteger(), [n for n in whole if n in _INT64])
        if self.kind == "number":
            numbers = [Decimal(text) for text in texts if _NUMBER.fullmatch(text)]
            return _among(self.value, sa.Numeric(), numbers)
        if self.kind == "uuid":
            return _among(self.value, sa.Uuid(), [key for text in texts if (key := _uuid(text))])
        spelled = [spelling for text in texts for spelling in _spellings(text)]
        if self.kind == "text":
            return _among(self.value, sa.String(), spelled)
        return _among(sa.cast(self.value, sa.String()), sa.String(), spelled)

    def is_empty(self) -> sa.ColumnElement[bool]:
        """That a key column holds no key."""
        if self.kind == "text":
            return sa.or_(self.value.is_(None), sa.func.trim(self.value) == "")
        return self.value.is_(None)

    def granularity(self) -> timedelta:
        """The precision of times in this column, as far as its type promises one."""
        if self.kind == "date":
            return timedelta(days=1)
        if self.digits is None:
            # Text, or a type that does not say: what is there may be coarser, hardly finer.
            return timedelta(milliseconds=1)
        return timedelta(microseconds=10 ** (6 - min(self.digits, 6)))


def describe(database: Database, connection: sa.Connection, at: SqlSide) -> Mapping[str, Column]:
    """The columns of the table or query. Raises `ReadError` of kind `config` where it is not there.

    PostgreSQL describes the result of any query; elsewhere only tables have types.
    """
    nothing = sa.select(sa.text("*")).select_from(relation(at)).where(sa.literal_column("1 = 0"))
    result = connection.execute(nothing)
    names = list(result.keys())
    if database.dialect == "postgresql":
        cursor = cast("psycopg.Cursor[object]", result.cursor)
        return {column.name: _postgres_column(column) for column in cursor.description or ()}
    types = _reflected(connection, at) if at.table else {}
    return {name: _column(name, types.get(name.casefold())) for name in names}


def relation(at: SqlSide) -> sa.FromClause:
    """The table, or the query as a subquery."""
    if at.table:
        schema, _, table = at.table.rpartition(".")
        return sa.table(table, schema=schema or None)
    # A colon in the user's SQL is no parameter of ours.
    query = re.sub(r":(?=\w)", r"\\:", (at.query or "").strip().rstrip(";"))
    return sa.text(query).columns().subquery("watched")


def find_column(columns: Mapping[str, Column], name: str, where: str) -> Column:
    """The column of this name. Raises `ReadError` of kind `config` that lists what there is."""
    folded = {known.casefold(): column for known, column in columns.items()}
    found = columns.get(name) or folded.get(name.casefold())
    if found is None:
        there = ", ".join(columns) or "none"
        raise ReadError("config", f"no column `{name}` in {where}; its columns are: {there}")
    return found


def naive(moment: datetime) -> datetime:
    """A moment in UTC as a column without time zone holds it."""
    return moment.replace(tzinfo=None)


def _among(
    column: sa.ColumnElement[Any], type_: sa.types.TypeEngine[Any], values: Sequence[object]
) -> sa.ColumnElement[bool] | None:
    return sa.type_coerce(column, type_).in_(values) if values else None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _spellings(text: str) -> tuple[str, ...]:
    """A canonical UUID may be written in capitals in the table."""
    return (text, text.upper()) if _uuid(text) and text != text.upper() else (text,)


def _postgres_column(column: psycopg.Column) -> Column:
    info = psycopg.adapters.types.get(column.type_code)
    kind = _POSTGRES.get(info.name, "other") if info else "other"
    digits = None
    if kind in ("aware", "naive"):
        digits = 6 if column.precision is None else column.precision
    return Column(column.name, kind, digits)


def _reflected(connection: sa.Connection, at: SqlSide) -> Mapping[str, sa.types.TypeEngine[Any]]:
    schema, _, table = (at.table or "").rpartition(".")
    try:
        columns = sa.inspect(connection).get_columns(table, schema=schema or None)
    except sa.exc.NoSuchTableError:  # for instance a synonym: readable, but not described
        return {}
    return {column["name"].casefold(): column["type"] for column in columns}


def _column(name: str, type_: sa.types.TypeEngine[Any] | None) -> Column:
    kinds: tuple[tuple[type[sa.types.TypeEngine[Any]], Kind], ...] = (
        (sa.Integer, "integer"),
        (sa.Float, "other"),
        (sa.Numeric, "number"),
        (sa.Uuid, "uuid"),
        (sa.String, "text"),
        (sa.Date, "date"),
    )
    if isinstance(type_, sa.DateTime):
        digits = getattr(type_, "fsp", None)
        return Column(name, "aware" if type_.timezone else "naive", digits)
    other: Kind = "other"
    return Column(name, next((kind for class_, kind in kinds if isinstance(type_, class_)), other))
