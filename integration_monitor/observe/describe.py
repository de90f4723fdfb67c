"""Which columns a user's table or query has: asked of the database, once a measurement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import psycopg
import sqlalchemy as sa

from integration_monitor.manifest.domain import SqlSide
from integration_monitor.observe.column_types import describer, reflected
from integration_monitor.observe.columns import Column
from integration_monitor.observe.databases import Database

_BYTES = 63
"""MySQL's character set `binary`."""


def describe(database: Database, connection: sa.Connection, at: SqlSide) -> Mapping[str, Column]:
    """The columns of the table or query. Raises `ReadError` of kind `config` where it is not there.

    A query's columns have the types that the driver tells; SQLite tells none.
    """
    watched = relation(at, connection.dialect)
    result = connection.execute(nothing(watched))
    cursor = result.cursor
    described: Sequence[Any] = (cursor.description if cursor else None) or ()
    columns = {column[0]: describer(database.dialect)(column) for column in described}
    bytes_ = _mysql_bytes(cursor) if database.dialect == "mysql" else frozenset()
    columns = {
        name: replace(column, kind="binary") if name in bytes_ else column
        for name, column in columns.items()
    }
    result.close()
    if database.dialect == "postgresql":
        return _with_postgres_types(connection, columns, described, at)
    if not at.table:
        return {name: replace(column, nullable=None) for name, column in columns.items()}
    if not database.wording.reflected:
        return columns
    known = _reflected(connection, at)
    return {name: _merged(column, known.get(name.casefold())) for name, column in columns.items()}


def relation(at: SqlSide, dialect: sa.Dialect) -> sa.FromClause:
    """The table, or the query as a subquery.

    A table's name has as many parts as the database knows: `project.dataset.table`.
    """
    if at.table:
        quote = dialect.identifier_preparer.quote
        name = ".".join(quote(part) for part in at.table.split("."))
        return sa.table(sa.quoted_name(name, quote=False))
    # A colon in the user's SQL is no parameter of ours.
    query = re.sub(r":(?=\w)", r"\\:", (at.query or "").strip().rstrip(";"))
    return sa.text(query).columns().subquery("watched")


def nothing(watched: sa.FromClause) -> sa.Select[*tuple[Any, ...]]:
    """A statement whose result has the columns, and no row."""
    every: sa.TextClause = sa.text("*")
    return sa.select(every).select_from(watched).where(sa.literal_column("1 = 0"))


def _mysql_bytes(cursor: object) -> frozenset[str]:
    """The columns that hold bytes: the driver's public description calls them text."""
    fields = getattr(getattr(cursor, "_result", None), "fields", None) or ()
    return frozenset(field.name for field in fields if _is_bytes(field))


def _is_bytes(field: Any) -> bool:
    return field.charsetnr == _BYTES and describer("mysql")(field.description()).kind == "text"


def _merged(column: Column, known: Column | None) -> Column:
    if known is None:
        return column
    kind = known.kind if column.kind == "other" else column.kind
    return replace(column, kind=kind, type_text=known.type_text, nullable=known.nullable)


def _reflected(connection: sa.Connection, at: SqlSide) -> Mapping[str, Column]:
    schema, _, table = (at.table or "").rpartition(".")
    try:
        columns = sa.inspect(connection).get_columns(table, schema=schema or None)
    except sa.exc.NoSuchTableError:  # for instance a synonym: readable, but not described
        return {}
    dialect = connection.dialect
    return {column["name"].casefold(): reflected(column, dialect) for column in columns}


_POSTGRES_TYPES = sa.text(
    "select oid, format_type(oid, null) as text from pg_type where oid = any(cast(:oids as oid[]))"
)
_POSTGRES_NOT_NULL = sa.text(
    "select attname, attnotnull from pg_attribute join pg_class on pg_class.oid = attrelid"
    " where attrelid = to_regclass(:table) and attnum > 0 and relkind in ('r', 'p', 'f')"
)


def _with_postgres_types(
    connection: sa.Connection,
    columns: Mapping[str, Column],
    described: Sequence[psycopg.Column],
    at: SqlSide,
) -> Mapping[str, Column]:
    """With the names of the user's own types, and with what may be null in a table."""
    own = {column.name: column.type_code for column in described}
    own = {name: oid for name, oid in own.items() if columns[name].type_text is None}
    texts: dict[int, str] = {}
    if own:
        rows = connection.execute(_POSTGRES_TYPES, {"oids": list(own.values())})
        texts = {row.oid: row.text for row in rows}
    required: dict[str, bool] = {}
    if at.table:
        quote = connection.dialect.identifier_preparer.quote
        table = ".".join(quote(part) for part in at.table.split("."))
        rows = connection.execute(_POSTGRES_NOT_NULL, {"table": table})
        required = {row.attname: row.attnotnull for row in rows}
    return {
        name: replace(
            column,
            type_text=texts.get(own[name]) if name in own else column.type_text,
            nullable=not required[name] if name in required else None,
        )
        for name, column in columns.items()
    }
