from __future__ import annotations

import socket
import sqlite3
import tracemalloc
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration, Owner, Reference, Side, SqlSide
from integration_monitor.observe.columns import Column
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import OpenSide, Page, ReadError, Record, Totals
from integration_monitor_tests.observe.readings import reading

CRM = Integration("crm", Owner("Owner", "owner@example.com"), "crm.yaml", "CRM")
ACME = Connection("acme")
EVERYBODY = Connection("-")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONTACTS = Side(
    at=SqlSide(Reference("WAREHOUSE"), table="crm.contacts"),
    key="id",
    updated_at="updated_at",
    loaded_at="loaded_at",
    tenant="tenant",
)
ROWS = """
create schema crm;
create table crm.contacts (
  id bigint, tenant text, plan text, updated_at timestamptz, loaded_at timestamp, uid uuid, day date
);
insert into crm.contacts values
 (1, 'acme', 'pro', '2026-03-01 00:00Z', '2026-03-01 00:01', '00000000-0000-4000-8000-00000000000A', '2026-03-01'),
 (2, 'acme', 'free', '2026-03-01 01:30+01', null, null, '2026-03-01'),
 (3, 'beta', 'pro', '2026-03-01 00:30Z', null, null, '2026-03-02'),
 (4, null, 'pro', '2026-03-01 00:45Z', null, null, null),
 (5, 'acme', 'pro', null, null, null, null),
 (null, 'acme', 'pro', '2026-03-01 00:10Z', null, null, null),
 (6, 'acme', null, '2026-03-01 01:00Z', null, null, null);
"""  # noqa: E501


def execute(url: str, script: str) -> None:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql(script)
    engine.dispose()


@pytest.fixture
def warehouse(database_url: str) -> Iterator[Reading]:
    execute(database_url, ROWS)
    with reading({"WAREHOUSE": database_url}) as opened:
        yield opened


def opened(given: Reading, side: Side = CONTACTS, connection: Connection = EVERYBODY) -> OpenSide:
    return open_side(side, CRM, "destination", connection, given)


def keys(pages: Iterator[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def test_a_range_is_half_open_and_in_the_order_of_time(warehouse: Reading) -> None:
    assert keys(opened(warehouse).changed(T0, T0 + HOUR)) == ["1", "2", "3", "4"]
    assert keys(opened(warehouse).changed(T0 + HOUR, T0 + 2 * HOUR)) == ["6"]


def test_rows_become_records_in_utc(warehouse: Reading) -> None:
    (page,) = opened(warehouse).changed(T0, T0 + timedelta(minutes=1))
    assert page.records == (Record("1", T0, "acme", T0 + timedelta(minutes=1)),)


def test_a_row_without_key_is_malformed_and_its_content_is_not_told(warehouse: Reading) -> None:
    pages = opened(warehouse).changed(T0, T0 + HOUR)
    assert [reason for page in pages for reason in page.malformed] == [
        "a row without a key in `id`"
    ]


def test_a_connection_lists_only_its_tenant(warehouse: Reading) -> None:
    side = opened(warehouse, connection=ACME)
    assert keys(side.changed(T0, T0 + 2 * HOUR)) == ["1", "2", "6"]
    assert side.totals() == Totals(records=5, unwatched=2, no_tenant=1)


def test_a_single_connection_counts_everything(warehouse: Reading) -> None:
    assert opened(warehouse).totals() == Totals(records=7, unwatched=2, no_tenant=0)


def test_rows_that_name_no_tenant_are_not_counted_for_one(warehouse: Reading) -> None:
    side = opened(warehouse, replace(CONTACTS, tenant=None), ACME)
    assert side.totals() == Totals(None, 2)
    assert not side.can_list
    assert opened(warehouse, replace(CONTACTS, tenant=None)).can_list


def test_a_look_up_sees_every_tenant(warehouse: Reading) -> None:
    found = list(opened(warehouse, connection=ACME).lookup(["3", "4", "1", "3", "99", "no"]))
    assert sorted((record.key, record.tenant) for record in found if record.tenant) == [
        ("1", "acme"), ("3", "beta"),
    ]  # fmt: skip
    assert [record.tenant for record in found if record.key == "4"] == [None]


def test_where_holds_for_lists_and_totals_and_is_told_by_look_ups(warehouse: Reading) -> None:
    side = opened(warehouse, replace(CONTACTS, where="plan like 'p%' or plan = ':free::x%'"))
    assert keys(side.changed(T0, T0 + 2 * HOUR)) == ["1", "3", "4"]
    assert side.totals().records == 5
    found = {record.key: record.in_filter for record in side.lookup(["1", "2", "6"])}
    assert found == {"1": True, "2": False, "6": False}


def test_a_query_is_read_like_a_table(warehouse: Reading) -> None:
    query = "select *, id::text as text_id from crm.contacts where tenant ~ '^a:?' ;"
    at = SqlSide(Reference("WAREHOUSE"), query=query)
    side = opened(warehouse, replace(CONTACTS, at=at, key="text_id"))
    assert keys(side.changed(T0, T0 + 2 * HOUR)) == ["1", "2", "6"]
    assert [record.key for record in side.lookup(["2"])] == ["2"]


def test_two_rows_with_one_key_are_both_found(warehouse: Reading, database_url: str) -> None:
    execute(database_url, "insert into crm.contacts values (1, 'beta', '', '2026-03-01 00:50Z')")
    found = opened(warehouse).lookup(["1"])
    assert sorted(record.tenant or "" for record in found) == ["acme", "beta"]


def test_equal_times_are_all_read(warehouse: Reading, database_url: str) -> None:
    execute(
        database_url,
        "insert into crm.contacts select n, 'acme', '', '2026-03-01 05:00Z'"
        " from generate_series(1001, 4500) n",
    )
    found = keys(opened(warehouse).changed(T0 + 5 * HOUR, T0 + 6 * HOUR))
    assert len(found) == len(set(found)) == 3500


def test_uuid_keys_are_found_in_any_spelling(warehouse: Reading, database_url: str) -> None:
    key = str(uuid.UUID("00000000-0000-4000-8000-00000000000A"))
    execute(database_url, "alter table crm.contacts add spelled text")
    execute(database_url, "update crm.contacts set spelled = upper(uid::text)")
    for column in ("uid", "spelled"):
        side = opened(warehouse, replace(CONTACTS, key=column))
        assert [record.key for record in side.lookup([key, "not-a-uuid"])] == [key]


@pytest.mark.parametrize(
    ("type_", "stored", "asked"),
    [
        ("numeric(12, 2)", "7.00", "7"),
        ("char(10)", "'ab'", "ab"),
        ("varchar(10)", "'00123'", "00123"),
        ("smallint", "7", "7"),
        ("text", "'it''s %s :x'", "it's %s :x"),
    ],
)
def test_keys_are_compared_as_the_column_holds_them(
    warehouse: Reading, database_url: str, type_: str, stored: str, asked: str
) -> None:
    execute(database_url, f"alter table crm.contacts add k {type_}")
    execute(database_url, f"update crm.contacts set k = {stored} where id = 1".replace("%", "%%"))
    side = opened(warehouse, replace(CONTACTS, key="k"))
    absent = ["8" * 30, "-", ""]
    assert [record.key for record in side.lookup([asked, *absent])] == [asked]


def test_a_look_up_uses_the_index_on_the_key(warehouse: Reading, database_url: str) -> None:
    execute(
        database_url,
        "create table big as select n as id, now() as updated_at from generate_series(1, 50000) n;"
        " create unique index big_key on big (id); analyze big",
    )
    side = Side(SqlSide(Reference("WAREHOUSE"), table="big"), key="id", updated_at="updated_at")
    asked = [str(n) for n in range(1, 2001)]
    assert len(list(opened(warehouse, side).lookup(asked))) == 2000
    condition = Column("id", "integer").is_one_of(asked[:500])
    assert condition is not None
    statement: sa.Select[*tuple[object, ...]] = (
        sa.select(sa.column("id")).select_from(sa.table("big")).where(condition)
    )
    engine = sa.create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    compiled = statement.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"explain {compiled}").scalars().all()
    engine.dispose()
    assert "big_key" in "\n".join(plan)


@pytest.mark.parametrize(
    ("type_", "granularity"),
    [
        ("timestamptz", timedelta(microseconds=1)),
        ("timestamp(3)", timedelta(milliseconds=1)),
        ("timestamptz(0)", timedelta(seconds=1)),
        ("date", timedelta(days=1)),
        ("text", timedelta(milliseconds=1)),
    ],
)
def test_times_of_every_type_are_ranged_over(
    warehouse: Reading, database_url: str, type_: str, granularity: timedelta
) -> None:
    execute(database_url, f"alter table crm.contacts add at {type_}")
    execute(database_url, "update crm.contacts set at = '2026-03-05' where id = 1")
    side = opened(warehouse, replace(CONTACTS, updated_at="at"))
    assert side.granularity == granularity
    day = datetime(2026, 3, 5, tzinfo=UTC)
    assert keys(side.changed(day, day + HOUR)) == ["1"]
    assert keys(side.changed(day - HOUR, day)) == []


def test_the_database_tells_its_own_time(warehouse: Reading) -> None:
    now = opened(warehouse).now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_destination_that_keeps_no_time_is_looked_up_only(warehouse: Reading) -> None:
    side = opened(warehouse, replace(CONTACTS, updated_at=None, loaded_at=None))
    assert (side.keeps_version, side.can_list, side.can_lookup) == (False, False, True)
    assert [record.version for record in side.lookup(["1"])] == [None]
    with pytest.raises(ReadError, match="updated_at"):
        list(side.changed(T0, T0 + HOUR))


def test_every_statement_is_taken_from_the_budget(warehouse: Reading) -> None:
    side = opened(warehouse)
    before = warehouse.budget.used
    side.now()
    list(side.changed(T0, T0 + HOUR))
    list(side.lookup([str(n) for n in range(1_001)]))
    assert warehouse.budget.used - before == 4


def test_a_session_only_reads(warehouse: Reading, database_url: str) -> None:
    at = SqlSide(
        Reference("WAREHOUSE"),
        query="select *, nextval('crm.numbers') from crm.contacts",
    )
    execute(database_url, "create sequence crm.numbers")
    with pytest.raises(ReadError) as caught:
        list(opened(warehouse, replace(CONTACTS, at=at)).changed(T0, T0 + HOUR))
    assert caught.value.kind == "config"


# --- what cannot be read -----------------------------------------------------------------------


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


# --- SQLite --------------------------------------------------------------------------------------


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
