"""What a column holds, from what each driver says of a result (PEP 249, `Cursor.description`).

Drivers describe any query, so a query is understood as well as a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn

from integration_monitor.observe.columns import Column, Kind


class Described(Protocol):
    """One column of a result: name, type code, display size, bytes, precision, scale, nullable."""

    def __getitem__(self, at: int, /) -> Any: ...


Describe: TypeAlias = Callable[[Described], Column]

_MICROSECONDS = 6
_POSTGRES: Mapping[str, Kind] = {
    "int2": "integer", "int4": "integer", "int8": "integer", "numeric": "number",
    "uuid": "uuid", "text": "text", "varchar": "text", "bpchar": "text", "bytea": "binary",
    "timestamptz": "aware", "timestamp": "naive", "date": "date",
}  # fmt: skip
_MYSQL: Mapping[int, Kind] = {
    1: "integer", 2: "integer", 3: "integer", 9: "integer", 8: "wide", 13: "integer",
    0: "number", 246: "number",
    7: "naive", 12: "naive", 10: "date",
    247: "text", 249: "text", 250: "text", 251: "text", 252: "text", 253: "text", 254: "text",
}  # fmt: skip
"""Numbers of the client protocol. Whether a BIGINT has a sign is not told."""
_SNOWFLAKE: Mapping[int, Kind] = {
    0: "number", 2: "text", 3: "date", 4: "naive", 6: "aware", 7: "aware", 8: "naive",
    11: "binary",
}  # fmt: skip
_NAMES: Mapping[str, Kind] = {
    # DuckDB
    "tinyint": "integer", "smallint": "integer", "integer": "integer", "bigint": "integer",
    "utinyint": "wide", "usmallint": "wide", "uinteger": "wide",
    "ubigint": "wide", "hugeint": "number", "uhugeint": "number", "decimal": "number",
    "varchar": "text", "uuid": "uuid", "date": "date", "blob": "binary",
    "timestamp with time zone": "aware", "timestamp": "naive",
    "timestamp_s": "naive", "timestamp_ms": "naive", "timestamp_ns": "naive",
    # BigQuery
    "int64": "integer", "numeric": "number", "bignumeric": "number", "string": "text",
    "bytes": "binary", "datetime": "naive",
    # Databricks
    "int": "integer", "binary": "binary", "timestamp_ntz": "naive",
}  # fmt: skip
_DIGITS: Mapping[str, int] = {"timestamp_s": 0, "timestamp_ms": 3}


def describer(dialect: str) -> Describe:
    """How results of this kind of database are understood."""
    return _DESCRIBERS.get(dialect, _by_name_alone)


def reflected(column: ReflectedColumn, dialect: sa.Dialect) -> Column:
    """A table's column as SQLAlchemy reflects it."""
    name, type_ = column["name"], column["type"]
    text = None if isinstance(type_, sa.types.NullType) else type_.compile(dialect).lower()
    kinds: tuple[tuple[type[sa.types.TypeEngine[Any]], Kind], ...] = (
        (sa.Integer, "integer"),
        (sa.Float, "other"),
        (sa.Numeric, "number"),
        (sa.Uuid, "uuid"),
        (sa.String, "text"),
        (sa.Date, "date"),
        (sa.LargeBinary, "binary"),
        (sa.BINARY, "binary"),
        (sa.VARBINARY, "binary"),
    )
    kind: Kind = next((kind for class_, kind in kinds if isinstance(type_, class_)), "other")
    if isinstance(type_, sa.DateTime):
        kind = "aware" if type_.timezone else "naive"
    return Column(name, kind, None, text, column["nullable"])


def _postgres(described: Described) -> Column:
    info = psycopg.adapters.types.get(described[1])
    kind = _POSTGRES.get(info.name, "other") if info else "other"
    text = described.type_display if info and isinstance(described, psycopg.Column) else None
    return Column(described[0], kind, _fraction(kind, described[4]), text)


def _mysql(described: Described) -> Column:
    kind = _MYSQL.get(described[1], "other")
    digits = described[5] if kind == "naive" else None
    return Column(described[0], kind, digits, nullable=bool(described[6]))


def _snowflake(described: Described) -> Column:
    kind = _SNOWFLAKE.get(described[1], "other")
    digits = described[5] if kind in ("aware", "naive") else None
    return Column(described[0], kind, digits, nullable=described[6])


def _bigquery(described: Described) -> Column:
    column = _named(described)
    # BigQuery's TIMESTAMP is a moment, its DATETIME is a wall clock.
    kind: Kind = "aware" if column.type_text == "timestamp" else column.kind
    return Column(column.name, kind, column.digits, column.type_text, described[6])


def _databricks(described: Described) -> Column:
    column = _named(described)
    kind: Kind = "aware" if column.type_text == "timestamp" else column.kind
    return Column(column.name, kind, column.digits, column.type_text)


def _named(described: Described) -> Column:
    text = str(described[1]).lower()
    base = re.sub(r"\(.*", "", text)
    kind = _NAMES.get(base, "other")
    digits = _DIGITS.get(base, _MICROSECONDS) if kind in ("aware", "naive") else None
    return Column(described[0], kind, digits, text)


def _by_name_alone(described: Described) -> Column:
    return Column(described[0], "other")


def _fraction(kind: Kind, precision: int | None) -> int | None:
    if kind not in ("aware", "naive"):
        return None
    return _MICROSECONDS if precision is None else precision


_DESCRIBERS: Mapping[str, Describe] = {
    "postgresql": _postgres,
    "redshift": _postgres,
    "mysql": _mysql,
    "mariadb": _mysql,
    "duckdb": _named,
    "snowflake": _snowflake,
    "bigquery": _bigquery,
    "databricks": _databricks,
}
