"""Reading tables of SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integration_monitor.manifest.domain import Reference, Side, SqlSide
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError, Record, Totals
from integration_monitor_tests.observe.readings import reading
from integration_monitor_tests.observe.sql_examples import (
    ACME,
    HOUR,
    T0,
    keys,
    opened,
)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Reading]:
    path = tmp_path / "pro duct.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            create table contacts (id integer, tenant text, updated_at datetime, day date);
            insert into contacts values
              (1, 'acme', '2026-03-01 00:00:00', '2026-03-01'),
              (2, 'acme', '2026-03-01T01:30:00.250+01:00', '2026-03-02'),
              (3, 'beta', '2026-03-01T00:45:00Z', null),
              (4, 'acme', '2026-03-01T01:00:00Z', null),
              (5, 'acme', 'soon', null),
              (6, 'acme', 1772323200, null),
              (7, null, '2026-02-28T23:59:59.999Z', null);
            """
        )
    connection.close()
    with reading({"PRODUCT": f"sqlite:///{path}"}) as given:
        yield given


LITE = Side(
    SqlSide(Reference("PRODUCT"), table="contacts"),
    key="id",
    updated_at="updated_at",
    tenant="tenant",
)


def test_sqlite_times_are_text_in_any_spelling(sqlite: Reading) -> None:
    side = opened(sqlite, LITE)
    assert keys(side.changed(T0, T0 + HOUR)) == ["1", "2", "3"]
    assert side.granularity == timedelta(milliseconds=1)
    assert opened(sqlite, replace(LITE, updated_at="day")).granularity == timedelta(days=1)


def test_sqlite_counts_rows_that_no_range_finds(sqlite: Reading) -> None:
    assert opened(sqlite, LITE).totals() == Totals(7, unwatched=2)
    assert opened(sqlite, LITE, ACME).totals() == Totals(5, unwatched=2, no_tenant=1)


def test_sqlite_looks_up_tables_and_queries(sqlite: Reading) -> None:
    query = SqlSide(Reference("PRODUCT"), query="select * from contacts where id < 4")
    for side in (LITE, replace(LITE, at=query)):
        found = list(opened(sqlite, side, ACME).lookup(["3", "99", "x"]))
        assert found == [Record("3", T0 + timedelta(minutes=45), "beta")]


def test_sqlite_tells_the_time(sqlite: Reading) -> None:
    assert abs(opened(sqlite, LITE).now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_mistyped_path_makes_no_database(tmp_path: Path) -> None:
    path = tmp_path / "mistyped.db"
    with (
        reading({"PRODUCT": f"sqlite:///{path}"}) as given,
        pytest.raises(ReadError, match="cannot reach the database") as caught,
    ):
        opened(given, LITE)
    assert caught.value.kind == "network"
    assert not path.exists()


@pytest.mark.parametrize(
    ("side", "told"),
    [
        (
            replace(LITE, at=SqlSide(Reference("PRODUCT"), table="contcts")),
            "no such table: contcts",
        ),
        (replace(LITE, key="idd"), "no column `idd`"),
    ],
)
def test_sqlite_names_what_is_not_there(sqlite: Reading, side: Side, told: str) -> None:
    with pytest.raises(ReadError, match=told) as caught:
        opened(sqlite, side)
    assert caught.value.kind == "config"


def test_sqlite_statements_end_with_their_timeout(sqlite: Reading) -> None:
    endless = "select n as id, 'a' as tenant, '' as updated_at from n"
    query = f"with recursive n(n) as (select 1 union all select n + 1 from n) {endless}"
    at = SqlSide(Reference("PRODUCT"), query=query)
    quick = replace(sqlite, request_timeout=timedelta(seconds=0.2))
    side = opened(quick, replace(LITE, at=at))
    with pytest.raises(ReadError) as caught:
        side.totals()
    assert caught.value.kind == "timeout"
