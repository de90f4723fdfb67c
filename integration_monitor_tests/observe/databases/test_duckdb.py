"""What is particular about DuckDB: one process writes, or many read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from integration_monitor.manifest.domain import Side, SqlSide
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import OpenSide, ReadError
from integration_monitor_tests.observe.databases.test_every_database import (
    CRM,
    DB,
    EVERYBODY,
    HOUR,
    T0,
    keys,
)
from integration_monitor_tests.observe.readings import reading

ORDERS = Side(SqlSide(DB, table="orders"), "id", "updated_at")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.db"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table orders as select 7::ubigint as id, uuid() as uid,"
            " 170141183460469231731687303715884105727::hugeint as huge,"
            " timestamp '2026-03-01 00:00:00' as updated_at, timestamp_s '2026-03-01' as s,"
            " timestamp_ms '2026-03-01' as ms, timestamptz '2026-03-01 01:00:00+01' as tz"
        )
    return path


@pytest.fixture
def given(file: Path) -> Iterator[Reading]:
    with reading({"DB": f"duckdb:///{file}"}) as opened_:
        yield opened_


def opened(given: Reading, key: str = "id", at: str = "updated_at") -> OpenSide:
    return open_side(Side(ORDERS.at, key, at), CRM, "destination", EVERYBODY, given)


@contextmanager
def writer(file: Path) -> Iterator[None]:
    """Another process that has the file open for writing."""
    code = (
        f"import duckdb\nwith duckdb.connect({str(file)!r}):\n"
        "    print('open', flush=True)\n    input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "open\n"
        yield
    finally:
        process.communicate("\n", timeout=30)


def test_a_file_that_another_process_writes_to_cannot_be_read(given: Reading, file: Path) -> None:
    with writer(file), pytest.raises(ReadError, match="locked by another process") as caught:
        opened(given)
    assert caught.value.kind == "network"
    assert "PID" not in str(caught.value)
    assert keys(opened(given).changed(T0, T0 + HOUR)) == ["7"]


def test_a_writer_can_have_the_file_between_our_statements(given: Reading, file: Path) -> None:
    side = opened(given)
    assert side.totals().records == 1
    with writer(file):
        pass
    assert side.totals().records == 1


def test_a_file_that_this_process_writes_to_is_told(given: Reading, file: Path) -> None:
    with (
        duckdb.connect(str(file)),
        pytest.raises(ReadError, match="this process has the file open for writing"),
    ):
        opened(given)


def test_a_mistyped_path_makes_no_database(tmp_path: Path) -> None:
    path = tmp_path / "mistyped.db"
    with (
        reading({"DB": f"duckdb:///{path}"}) as given,
        pytest.raises(ReadError, match="does not exist") as caught,
    ):
        opened(given)
    assert caught.value.kind == "network"
    assert not path.exists()


@pytest.mark.parametrize(
    ("at", "granularity"),
    [
        ("updated_at", timedelta(microseconds=1)),
        ("tz", timedelta(microseconds=1)),
        ("ms", timedelta(milliseconds=1)),
        ("s", timedelta(seconds=1)),
    ],
)
def test_times_have_the_precision_of_their_type(
    given: Reading, at: str, granularity: timedelta
) -> None:
    side = opened(given, at=at)
    assert side.granularity == granularity
    assert keys(side.changed(T0, T0 + HOUR)) == ["7"]
    assert keys(side.changed(T0 - HOUR, T0)) == []


def test_keys_of_every_width_are_found(given: Reading, file: Path) -> None:
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute("select uid from orders").fetchone()
    assert found is not None
    for column, key in (("id", "7"), ("uid", str(found[0])), ("huge", str(2**127 - 1))):
        side = opened(given, key=column)
        assert [record.key for record in side.lookup([key, "8", "none"])] == [key]
