"""What cannot be read of a database, and what takes too long or too much."""

from __future__ import annotations

import socket
import tracemalloc
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from integration_monitor.manifest.domain import Reference, Side, SqlSide
from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError
from integration_monitor_tests.observe.readings import reading
from integration_monitor_tests.observe.sql_examples import (
    ACME,
    CONTACTS,
    HOUR,
    ROWS,
    T0,
    execute,
    opened,
)


@pytest.mark.parametrize(
    ("side", "kind", "told"),
    [
        (replace(CONTACTS, at=SqlSide(Reference("WAREHOUSE"), table="crm.contcts")),
         "config", 'relation "crm.contcts" does not exist'),
        (replace(CONTACTS, key="idd"), "config", "no column `idd` in destination table crm."),
        (replace(CONTACTS, tenant="portal"), "config", "its columns are: id, tenant, plan"),
        (replace(CONTACTS, at=SqlSide(Reference("UNSET"), table="t")),
         "config", "environment variable UNSET is not set"),
        (replace(CONTACTS, at=SqlSide(Reference("WAREHOUSE"), query="select oops from")),
         "config", "refused"),
    ],
)  # fmt: skip
def test_a_wrong_manifest_is_told_when_the_side_is_opened(
    warehouse: Reading, side: Side, kind: str, told: str
) -> None:
    with pytest.raises(ReadError) as caught:
        opened(warehouse, side)
    assert caught.value.kind == kind
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("side", "told"),
    [
        (replace(CONTACTS, where="plna = 'pro'"), 'column "plna" does not exist'),
        (replace(CONTACTS, where="plan::int = 1"), "invalid text representation"),
        (replace(CONTACTS, updated_at="id"), "column `id` holds no times"),
    ],
)
def test_a_wrong_condition_is_told_without_any_value(
    warehouse: Reading, side: Side, told: str
) -> None:
    with pytest.raises(ReadError, match=told) as caught:
        list(opened(warehouse, side).changed(T0, T0 + HOUR))
    assert caught.value.kind == "config"
    assert "pro" not in str(caught.value).replace("crm", "")


def test_a_tenant_that_cannot_be_in_the_column_is_no_empty_table(warehouse: Reading) -> None:
    with pytest.raises(ReadError, match="`acme` cannot be a value of `id`"):
        opened(warehouse, replace(CONTACTS, tenant="id"), ACME).totals()


def test_an_unreachable_database_is_named_without_its_password() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    url = f"postgresql://me:hunter2@127.0.0.1:{port}/warehouse"
    with reading({"WAREHOUSE": url}) as given, pytest.raises(ReadError) as caught:
        opened(given)
    assert caught.value.kind == "network"
    assert f"127.0.0.1:{port}/warehouse" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_says_nothing_is_given_up_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me:hunter2@127.0.0.1:{silent.getsockname()[1]}/warehouse"
        with reading({"WAREHOUSE": url}) as given, pytest.raises(ReadError) as caught:
            opened(given)
    assert caught.value.kind in ("timeout", "network")


@pytest.mark.parametrize("url", ["nonsense", "no-such-database://host/name", "postgresql://h:x/d"])
def test_a_url_that_is_none_is_not_quoted(url: str) -> None:
    with reading({"WAREHOUSE": url}) as given, pytest.raises(ReadError) as caught:
        opened(given)
    assert caught.value.kind == "config"
    assert url not in str(caught.value)


def test_a_database_that_does_not_exist_is_told(database_url: str) -> None:
    absent = sa.make_url(database_url).set(database="absent")
    with (
        reading({"WAREHOUSE": absent.render_as_string(hide_password=False)}) as given,
        pytest.raises(ReadError, match="does not exist") as caught,
    ):
        opened(given)
    assert caught.value.kind == "config"


def test_a_slow_statement_ends_with_its_timeout(database_url: str) -> None:
    execute(database_url, ROWS)
    slow = replace(CONTACTS, where="pg_sleep(30) is null")
    with (
        reading({"WAREHOUSE": database_url}, request_timeout=0.2) as given,
        pytest.raises(ReadError) as caught,
    ):
        opened(given, slow).totals()
    assert caught.value.kind == "timeout"


def test_nothing_is_read_after_the_deadline(warehouse: Reading) -> None:
    late = Deadline(timedelta(seconds=1), iter([0.0, 2.0, 2.0, 2.0]).__next__)
    with pytest.raises(ReadError) as caught:
        opened(replace(warehouse, deadline=late))
    assert caught.value.kind == "deadline"


TERMINATE = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where application_name = 'integration-monitor' and datname = current_database()
"""


def test_a_connection_that_broke_is_not_used_again(warehouse: Reading, database_url: str) -> None:
    side = opened(warehouse)
    side.now()
    execute(database_url, TERMINATE)
    assert side.totals().records == 7


def test_a_server_that_stops_while_rows_stream_is_a_network_error(
    warehouse: Reading, database_url: str
) -> None:
    execute(
        database_url,
        "insert into crm.contacts select n, 'acme', '', '2026-03-01 05:00Z'"
        " from generate_series(1001, 100000) n",
    )
    side = opened(warehouse)
    pages = side.changed(T0, T0 + 6 * HOUR)
    next(pages)
    execute(database_url, TERMINATE)
    with pytest.raises(ReadError, match="cannot reach the database") as caught:
        list(pages)
    assert caught.value.kind == "network"
    assert side.totals().records == 99_007


BIG = """
create table big as select n as id, timestamptz '2026-03-01Z' + n * interval '1 ms' as updated_at
from generate_series(1, 100000) n;
create index on big (updated_at); analyze big
"""


def test_a_hundred_thousand_rows_stay_out_of_memory(warehouse: Reading, database_url: str) -> None:
    execute(database_url, BIG)
    at = SqlSide(Reference("WAREHOUSE"), table="big")
    side = opened(warehouse, Side(at, key="id", updated_at="updated_at"))

    def peak(end: datetime) -> tuple[int, int]:
        tracemalloc.reset_peak()
        start = tracemalloc.get_traced_memory()[0]
        read = sum(len(page.records) for page in side.changed(T0, end))
        return read, tracemalloc.get_traced_memory()[1] - start

    tracemalloc.start()
    try:
        peak(T0 + timedelta(seconds=4))
        few = peak(T0 + timedelta(seconds=4))
        many = peak(T0 + HOUR)
    finally:
        tracemalloc.stop()
    assert (few[0], many[0]) == (3999, 100000)
    assert many[1] < 2 * few[1]


def test_rows_are_fetched_only_when_they_are_wanted(warehouse: Reading, database_url: str) -> None:
    execute(database_url, BIG)
    query = "select *, 1 / (50000 - id) as tenant from big"
    at = SqlSide(Reference("WAREHOUSE"), query=query)
    pages = opened(warehouse, Side(at, "id", "updated_at", tenant="tenant")).changed(T0, T0 + HOUR)
    assert len(next(pages).records) == 1000
    with pytest.raises(ReadError, match="division by zero"):
        list(pages)
