from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from integration_monitor.manifest.domain import Reference, SqlSide
from integration_monitor.observe.columns import Column
from integration_monitor.observe.databases import Engines
from integration_monitor.observe.describe import describe
from integration_monitor.observe.limits import Deadline

URL = Reference("URL")


@pytest.fixture
def engines() -> Iterator[Engines]:
    opened = Engines()
    yield opened
    opened.dispose()


def described(engines: Engines, url: str, at: SqlSide) -> Mapping[str, Column]:
    database = engines.database(url)
    with database.session(Deadline(timedelta(seconds=10)), timedelta(seconds=5)) as connection:
        return describe(database, connection, at)


def types(columns: Mapping[str, Column]) -> dict[str, tuple[str | None, bool | None]]:
    return {name: (column.type_text, column.nullable) for name, column in columns.items()}


def test_postgres_tells_types_and_what_may_be_null(engines: Engines, database_url: str) -> None:
    engine = sa.create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            """
            create type plan as enum ('free', 'pro');
            create table "Odd name" (id bigint primary key, email varchar(10),
              plan plan not null, amount numeric(12, 2), at timestamptz(3), tags text[]);
            create view odd as select * from "Odd name"
            """
        )
    engine.dispose()
    table = {
        "id": ("int8", False),
        "email": ("varchar(10)", True),
        "plan": ("plan", False),
        "amount": ("numeric(12,2)", True),
        "at": ("timestamptz(3)", True),
        "tags": ("text[]", True),
    }
    assert types(described(engines, database_url, SqlSide(URL, table="Odd name"))) == table
    unknown = {name: (text, None) for name, (text, _) in table.items()}
    assert types(described(engines, database_url, SqlSide(URL, table="odd"))) == unknown
    query = SqlSide(URL, query='select * from "Odd name"')
    assert types(described(engines, database_url, query)) == unknown


def test_sqlite_tells_types_and_what_may_be_null(engines: Engines, tmp_path: Path) -> None:
    path = tmp_path / "product.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (id integer not null, email varchar(10), free)")
    connection.close()
    columns = described(engines, f"sqlite:///{path}", SqlSide(URL, table="t"))
    assert types(columns) == {
        "id": ("integer", False),
        "email": ("varchar(10)", True),
        "free": (None, True),
    }
