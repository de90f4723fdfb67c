"""The statements for each dialect, as text: for databases that no test has a server of.

They have not been run on Snowflake, BigQuery, Redshift or Databricks. What is particular:

- PostgreSQL: `= ANY (array)`, of the column's type.
- MySQL: `utc_timestamp(6)`; `CAST(… AS CHAR)` and `DATETIME(6)`; backticks.
- DuckDB: `TRY_CAST` to `TIMESTAMP WITH TIME ZONE`.
- Snowflake: `sysdate()` is UTC; `try_to_timestamp_tz`; a quoted upper-case name is the stored one.
- BigQuery: typed parameters, `IN UNNEST(array)`, `safe_cast(… as timestamp)`, backticks.
- Redshift: `getdate()`; `nullif(…, '')` before a cast, for it has no `try_cast` of times.
- Databricks: `try_to_timestamp`; named parameters, at most 255 in a statement.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from integration_monitor.manifest.domain import Reference, Side, SqlSide
from integration_monitor.observe.columns import Column, Kind
from integration_monitor.observe.describe import nothing, relation
from integration_monitor.observe.dialects import by_name
from integration_monitor.observe.sql_times import clock
from integration_monitor.observe.statements import Statements, statements

GOLDEN = Path(__file__).parent / "golden"
DIALECTS = {
    "postgresql": "postgresql+psycopg",
    "sqlite": "sqlite",
    "mysql": "mysql+pymysql",
    "duckdb": "duckdb",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "redshift": "redshift+psycopg2",
    "databricks": "databricks",
}
TABLES = {
    "snowflake": "SALES.CRM.Orders",
    "bigquery": "my-project.crm.orders",
    "databricks": "main.crm.orders",
}
START = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)
END = datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
KEYS = ["1", "00000000-0000-4000-8000-00000000000a", "it's"]
TIMES: tuple[Kind, ...] = ("aware", "naive", "date", "text")
KINDS: tuple[Kind, ...] = ("integer", "number", "text", "other")
HAVE_UUIDS = ("postgresql", "duckdb")


def dialect_named(name: str) -> sa.Dialect:
    spoken = sa.make_url(f"{DIALECTS[name]}://").get_dialect()
    speak: Callable[..., sa.Dialect] = spoken
    return speak(dbapi=spoken.import_dbapi())


def asked(name: str, key: Kind, time: Kind, query: str | None = None) -> Statements:
    columns = [Column("id", key), Column("updated_at", time), Column("loaded_at", time)]
    columns.append(Column("tenant", "text"))
    at = SqlSide(Reference("DB"), table=TABLES.get(name, "crm.orders"))
    if query is not None:
        at = SqlSide(Reference("DB"), query=query)
    side = Side(at, "id", "updated_at", "loaded_at", "tenant", where="plan like 'p%'")
    by_column = {column.name: column for column in columns}
    return statements(side, at, by_column, dialect_named(name), "the table")


def everything(name: str) -> Iterator[tuple[str, sa.Select[*tuple[object, ...]]]]:
    """Every statement of a side, under a title."""
    spoken = dialect_named(name)
    first = asked(name, "integer", "aware")
    yield "clock", clock(spoken)
    yield "describe", nothing(first.watched)
    query = "select id, ':a' as tenant, updated_at from orders where plan like '%x';"
    yield "describe a query", nothing(relation(SqlSide(Reference("DB"), query=query), spoken))
    yield "totals", first.totals("acme")
    yield "rows without a tenant", first.without_tenant()
    yield "totals, text", asked(name, "text", "text").totals(None)
    yield "changed, of a query", asked(name, "text", "aware", query).changed(START, END, None)
    for time in TIMES:
        yield f"changed, {time}", asked(name, "integer", time).changed(START, END, "acme")
    kinds: tuple[Kind, ...] = (*KINDS, "uuid") if name in HAVE_UUIDS else KINDS
    for kind in kinds:
        found = asked(name, kind, "aware").lookup(KEYS)
        assert found is not None
        yield f"look-up, {kind}", found
    unfiltered = replace(first, where=None).lookup(["1"])
    assert unfiltered is not None
    yield "look-up without a filter", unfiltered


def compiled(name: str) -> str:
    spoken = dialect_named(name)
    texts = [f"-- session: {setting}" for setting in by_name(name).settings(10)]
    for title, statement in everything(name):
        built = statement.compile(dialect=spoken, compile_kwargs={"render_postcompile": True})
        text = "\n".join(line.rstrip() for line in str(built).splitlines())
        texts.append(f"-- {title}\n{text};")
    return "\n\n".join(texts) + "\n"


@pytest.mark.parametrize("name", DIALECTS)
def test_every_statement_is_worded_for_its_database(name: str) -> None:
    path, text = GOLDEN / f"{name}.sql", compiled(name)
    if os.environ.get("REGENERATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", DIALECTS)
def test_a_look_up_stays_within_the_parameters_that_a_statement_takes(name: str) -> None:
    most = {"databricks": 255, "bigquery": 10_000, "snowflake": 16_384}.get(name, 32_766)
    found = asked(name, "text", "aware").lookup([f"key {n}" for n in range(by_name(name).lookup)])
    assert found is not None
    built = found.compile(dialect=dialect_named(name), compile_kwargs={"render_postcompile": True})
    assert len(built.params) <= most
