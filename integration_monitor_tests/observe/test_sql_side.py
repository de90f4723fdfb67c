"""Reading tables of PostgreSQL: ranges, tenants, look-ups, types of time and key."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from integration_monitor.manifest.domain import Reference, Side, SqlSide
from integration_monitor.observe.columns import Column
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError, Record, Totals
from integration_monitor_tests.observe.sql_examples import (
    ACME,
    CONTACTS,
    HOUR,
    T0,
    execute,
    keys,
    opened,
)


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
