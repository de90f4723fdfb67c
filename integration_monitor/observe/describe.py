"""Which columns a user's table or query has: asked of the database, once a measurement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn

from integration_monitor.manifest.domain import SqlSide
from integration_monitor.observe.columns import Column, Kind
from integration_monitor.observe.databases import Database

_POSTGRES: Mapping[str, Kind] = {
    "int2": "integer", "int4": "integer", "int8": "integer", "numeric": "number",
    "uuid": "uuid", "text": "text", "varchar": "text", "bpchar": "text",
    "timestamptz": "aware", "timestamp": "naive", "date": "date",
}  # fmt: skip


def describe(database: Database, connection: sa.Connection, at: SqlSide) -> Mapping[str, Column]:
    """The columns of the table or query. Raises `ReadError` of kind `config` where it is not there.

    PostgreSQL describes the result of any query; elsewhere only tables have types.
    """
    nothing = sa.select(sa.text("*")).select_from(relation(at)).where(sa.literal_column("1 = 0"))
    result = connection.execute(nothing)
    names = list(result.keys())
    if database.dialect == "postgresql":
        cursor = cast("psycopg.Cursor[object]", result.cursor)
        return _postgres_columns(connection, cursor.description or (), at)
    known = _reflected(connection, at) if at.table else {}
    return {name: known.get(name.casefold()) or Column(name, "other") for name in names}


def relation(at: SqlSide) -> sa.FromClause:
    """The table, or the query as a subquery."""
    if at.table:
        schema, _, table = at.table.rpartition(".")
        return sa.table(table, schema=schema or None)
    # A colon in the user's SQL is no parameter of ours.
    query = re.sub(r":(?=\w)", r"\\:", (at.query or "").strip().rstrip(";"))
    return sa.text(query).columns().subquery("watched")


_POSTGRES_TYPES = sa.text(
    "select oid, format_type(oid, null) as text from pg_type where oid = any(cast(:oids as oid[]))"
)
_POSTGRES_NOT_NULL = sa.text(
    "select attname, attnotnull from pg_attribute join pg_class on pg_class.oid = attrelid"
    " where attrelid = to_regclass(:table) and attnum > 0 and relkind in ('r', 'p', 'f')"
)


def _postgres_columns(
    connection: sa.Connection, described: Sequence[psycopg.Column], at: SqlSide
) -> Mapping[str, Column]:
    known = psycopg.adapters.types
    own = [column.type_code for column in described if known.get(column.type_code) is None]
    texts: dict[int, str] = {}
    if own:
        rows = connection.execute(_POSTGRES_TYPES, {"oids": own})
        texts = {row.oid: row.text for row in rows}
    required: dict[str, bool] = {}
    if at.table:
        table = connection.dialect.identifier_preparer.format_table(relation(at))
        rows = connection.execute(_POSTGRES_NOT_NULL, {"table": table})
        required = {row.attname: row.attnotnull for row in rows}
    return {
        column.name: _postgres_column(column, texts, required.get(column.name))
        for column in described
    }


def _postgres_column(
    column: psycopg.Column, own_types: Mapping[int, str], required: bool | None
) -> Column:
    info = psycopg.adapters.types.get(column.type_code)
    kind = _POSTGRES.get(info.name, "other") if info else "other"
    digits = None
    if kind in ("aware", "naive"):
        digits = 6 if column.precision is None else column.precision
    text = column.type_display if info else own_types.get(column.type_code)
    return Column(column.name, kind, digits, text, None if required is None else not required)


def _reflected(connection: sa.Connection, at: SqlSide) -> Mapping[str, Column]:
    schema, _, table = (at.table or "").rpartition(".")
    try:
        columns = sa.inspect(connection).get_columns(table, schema=schema or None)
    except sa.exc.NoSuchTableError:  # for instance a synonym: readable, but not described
        return {}
    return {column["name"].casefold(): _column(column, connection.dialect) for column in columns}


def _column(reflected: ReflectedColumn, dialect: sa.Dialect) -> Column:
    name, type_ = reflected["name"], reflected["type"]
    text = None if isinstance(type_, sa.types.NullType) else type_.compile(dialect).lower()
    kinds: tuple[tuple[type[sa.types.TypeEngine[Any]], Kind], ...] = (
        (sa.Integer, "integer"),
        (sa.Float, "other"),
        (sa.Numeric, "number"),
        (sa.Uuid, "uuid"),
        (sa.String, "text"),
        (sa.Date, "date"),
    )
    kind: Kind = next((kind for class_, kind in kinds if isinstance(type_, class_)), "other")
    digits = None
    if isinstance(type_, sa.DateTime):
        kind, digits = "aware" if type_.timezone else "naive", getattr(type_, "fsp", None)
    return Column(name, kind, digits, text, reflected["nullable"])
