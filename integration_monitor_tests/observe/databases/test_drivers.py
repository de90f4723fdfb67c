"""What is told where a driver or its credentials are missing; what drivers say of columns."""

from __future__ import annotations

import sys
from pathlib import Path

import pymysql
import pytest
import sqlalchemy as sa

from integration_monitor.observe.column_types import describer
from integration_monitor.observe.columns import Column
from integration_monitor.observe.database_errors import read_error
from integration_monitor.observe.databases import Engines
from integration_monitor.observe.side import ReadError


@pytest.mark.parametrize(
    ("url", "module", "extra"),
    [
        ("mysql://me:hunter2@host/db", "pymysql", "mysql"),
        ("mariadb://me:hunter2@host/db", "pymysql", "mysql"),
        ("duckdb:///file.db", "duckdb_sqlalchemy", "duckdb"),
        ("snowflake://me:hunter2@account/db", "snowflake.sqlalchemy", "snowflake"),
        ("bigquery://project", "sqlalchemy_bigquery", "bigquery"),
        ("redshift://me:hunter2@host/db", "sqlalchemy_redshift.dialect", "redshift"),
        ("databricks://token:hunter2@host", "databricks.sqlalchemy", "databricks"),
    ],
)
def test_a_driver_that_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, url: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ReadError) as caught:
        Engines().database(url)
    assert caught.value.kind == "config"
    assert f"pip install 'integration-monitor[{extra}]'" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_credentials_that_google_does_not_find_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent.json"))
    with pytest.raises(ReadError, match="no credentials for the database") as caught:
        Engines().database("bigquery://project/dataset")
    assert caught.value.kind == "auth"


@pytest.mark.parametrize(
    ("dialect", "described", "column"),
    [
        ("snowflake", ("ID", 0, None, None, 38, 0, False),
         Column("ID", "number", nullable=False)),
        ("snowflake", ("AT", 8, None, None, 0, 3, True), Column("AT", "naive", 3, nullable=True)),
        ("snowflake", ("AT", 7, None, None, 0, 9, True), Column("AT", "aware", 9, nullable=True)),
        ("bigquery", ("at", "TIMESTAMP", None, None, None, None, True),
         Column("at", "aware", 6, "timestamp", True)),
        ("bigquery", ("at", "DATETIME", None, None, None, None, False),
         Column("at", "naive", 6, "datetime", False)),
        ("bigquery", ("id", "INTEGER", None, None, None, None, False),
         Column("id", "integer", None, "integer", False)),
        ("bigquery", ("id", "BYTES", None, None, None, None, True),
         Column("id", "binary", None, "bytes", True)),
        ("redshift", ("id", 20, None, 8, None, None, None), Column("id", "integer")),
        ("redshift", ("at", 1114, None, 8, None, None, None), Column("at", "naive", 6)),
        ("databricks", ("at", "timestamp", None, None, None, None, None),
         Column("at", "aware", 6, "timestamp")),
        ("databricks", ("id", "decimal", None, None, 20, 0, None),
         Column("id", "number", None, "decimal")),
        ("oracle", ("ID", object(), None, None, None, None, None), Column("ID", "other")),
    ],
)  # fmt: skip
def test_a_column_is_understood_as_its_driver_describes_it(
    dialect: str, described: tuple[object, ...], column: Column
) -> None:
    assert describer(dialect)(described) == column


def test_a_connection_that_broke_before_is_not_called_a_refusal() -> None:
    said = sa.exc.InterfaceError("", {}, pymysql.err.InterfaceError(0, ""))
    error = read_error(said, sa.make_url("mysql://db.example/shop"), "db.example/shop")
    assert str(error) == "cannot reach the database db.example/shop: the connection broke"
    assert error.kind == "network"
