"""What holds on every database alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integration_monitor.manifest.domain import Integration, Owner, Reference, Side, SqlSide
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.side import OpenSide, Page, ReadError, Record, Totals
from integration_monitor_tests.observe.databases.conftest import UserDatabase

CRM = Integration("crm", Owner("Owner", "owner@example.com"), "crm.yaml", "CRM")
ACME, EVERYBODY = Connection("acme"), Connection("-")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DB = Reference("DB")
CONTACTS = Side(
    SqlSide(DB, table="contacts"),
    key="id",
    updated_at="updated_at",
    loaded_at="loaded_at",
    tenant="tenant",
)
MOMENT = {
    "postgresql": "timestamptz",
    "sqlite": "datetime",
    "duckdb": "timestamptz",
    "mariadb": "timestamp(6) null",
}
ROWS = """
insert into contacts values
 (1, 'acme', 'pro', '2026-03-01 00:00:00', '2026-03-01 00:01:00'),
 (2, 'acme', 'free', '2026-03-01 00:30:00.250', null),
 (3, 'beta', 'pro', '2026-03-01 00:45:00', null),
 (4, null, 'pro', '2026-03-01 00:50:00', null),
 (5, 'acme', 'pro', null, null),
 (null, 'acme', 'pro', '2026-03-01 00:10:00', null),
 (6, 'acme', null, '2026-03-01 01:00:00', null)
"""


@pytest.fixture
def contacts(database: UserDatabase) -> UserDatabase:
    at = MOMENT[database.kind]
    database.write(
        f"create table contacts (id bigint, tenant varchar(20), plan varchar(20),"
        f" updated_at {at}, loaded_at {at})",
        ROWS,
    )
    return database


def opened(
    database: UserDatabase, side: Side = CONTACTS, connection: Connection = EVERYBODY
) -> OpenSide:
    return open_side(side, CRM, "destination", connection, database.given)


def keys(pages: Iterator[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def of_query(query: str) -> Side:
    return replace(CONTACTS, at=SqlSide(DB, query=query))


def test_a_range_is_half_open_in_utc_and_in_the_order_of_time(contacts: UserDatabase) -> None:
    side = opened(contacts)
    assert keys(side.changed(T0, T0 + HOUR)) == ["1", "2", "3", "4"]
    assert keys(side.changed(T0 + HOUR, T0 + 2 * HOUR)) == ["6"]


def test_rows_become_records_in_utc(contacts: UserDatabase) -> None:
    (page,) = opened(contacts).changed(T0, T0 + timedelta(minutes=1))
    assert page.records == (Record("1", T0, "acme", T0 + timedelta(minutes=1)),)


def test_totals_count_a_tenant_and_what_no_range_finds(contacts: UserDatabase) -> None:
    assert opened(contacts).totals() == Totals(7, unwatched=2)
    assert opened(contacts, connection=ACME).totals() == Totals(5, unwatched=2, no_tenant=1)


def test_look_ups_see_every_tenant_and_tell_the_filter(contacts: UserDatabase) -> None:
    side = opened(contacts, replace(CONTACTS, where="plan like 'p%' or plan = ':a %s'"), ACME)
    found = {r.key: (r.tenant, r.in_filter) for r in side.lookup(["1", "2", "3", "99", "no"])}
    assert found == {"1": ("acme", True), "2": ("acme", False), "3": ("beta", True)}
    assert side.totals().records == 3


def test_a_view_and_a_query_are_read_like_a_table(contacts: UserDatabase) -> None:
    query = "select * from contacts where tenant in ('acme', 'a:b', '%s') ;"
    contacts.write("create view ours as select * from contacts where tenant = 'acme'")
    for side in (replace(CONTACTS, at=SqlSide(DB, table="ours")), of_query(query)):
        read = opened(contacts, side)
        assert keys(read.changed(T0, T0 + 2 * HOUR)) == ["1", "2", "6"]
        assert [record.key for record in read.lookup(["2", "3"])] == ["2"]


def test_names_that_need_quotes_are_quoted(contacts: UserDatabase) -> None:
    names = '"Odd name" ("Key" bigint, "order" varchar(9), "At" '
    script = f"create table {names}{MOMENT[contacts.kind]})"
    row = "insert into \"Odd name\" values (7, 'acme', '2026-03-01 00:00:00')"
    quote = "`" if contacts.kind == "mariadb" else '"'
    contacts.write(script.replace('"', quote), row.replace('"', quote))
    side = Side(SqlSide(DB, table="Odd name"), "Key", "At", tenant="order")
    assert keys(opened(contacts, side, ACME).changed(T0, T0 + HOUR)) == ["7"]


def test_columns_are_found_whatever_their_case(contacts: UserDatabase) -> None:
    side = opened(contacts, replace(CONTACTS, key="ID", updated_at="UPDATED_AT"))
    assert keys(side.changed(T0, T0 + timedelta(minutes=1))) == ["1"]


def test_the_database_tells_its_own_time(contacts: UserDatabase) -> None:
    assert abs(opened(contacts).now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_two_rows_with_one_key_are_both_found(contacts: UserDatabase) -> None:
    contacts.write("insert into contacts values (1, 'beta', '', '2026-03-01 00:50:00', null)")
    found = opened(contacts).lookup(["1"])
    assert sorted(record.tenant or "" for record in found) == ["acme", "beta"]


def test_thousands_of_keys_are_looked_up(contacts: UserDatabase) -> None:
    found = opened(contacts).lookup([str(n) for n in range(2_500)])
    assert sorted(record.key for record in found) == ["1", "2", "3", "4", "5", "6"]


KEYS = [
    ("char(10)", "'ab'", "ab"),
    ("varchar(10)", "'00123'", "00123"),
    ("varchar(10)", "'7'", "7"),
    ("decimal(12, 2)", "7.00", "7"),
    ("decimal(12, 2)", "7.25", "7.25"),
    ("smallint", "7", "7"),
    ("bigint", "-9223372036854775807", "-9223372036854775807"),
    ("varchar(40)", "'00000000-0000-4000-8000-00000000000A'",
     "00000000-0000-4000-8000-00000000000a"),
    ("varchar(20)", "'it''s %s :x'", "it's %s :x"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "stored", "asked"), KEYS)
@pytest.mark.parametrize("through", ["table", "query"])
def test_keys_are_compared_as_the_column_holds_them(
    contacts: UserDatabase, type_: str, stored: str, asked: str, through: str
) -> None:
    if contacts.kind in ("postgresql", "mariadb"):  # their drivers format statements
        stored = stored.replace("%", "%%")
    contacts.write(
        f"create table keyed (k {type_}, updated_at {MOMENT[contacts.kind]})",
        f"insert into keyed values ({stored}, '2026-03-01 00:00:00')",
    )
    at = (
        SqlSide(DB, table="keyed")
        if through == "table"
        else SqlSide(DB, query="select * from keyed")
    )
    side = opened(contacts, Side(at, "k", "updated_at"))
    absent = ["8" * 30, "-", "", "nobody"]
    assert [record.key for record in side.lookup([asked, *absent])] == [asked]
    assert keys(side.changed(T0, T0 + HOUR)) == [asked]


def test_a_whole_day_is_read_by_its_date(contacts: UserDatabase) -> None:
    contacts.write(
        "create table days (id int, updated_at date)",
        "insert into days values (1, '2026-03-01'), (2, '2026-03-02'), (3, null)",
    )
    side = opened(contacts, Side(SqlSide(DB, table="days"), "id", "updated_at"))
    assert side.granularity == timedelta(days=1)
    assert keys(side.changed(T0, T0 + 24 * HOUR)) == ["1"]
    assert keys(side.changed(T0 + HOUR, T0 + 24 * HOUR)) == []
    assert keys(side.changed(T0 + HOUR, T0 + 25 * HOUR)) == ["2"]


def test_times_kept_as_text_are_read_with_their_offset(contacts: UserDatabase) -> None:
    contacts.write(
        "create table texts (id int, updated_at varchar(40))",
        "insert into texts values (1, '2026-03-01T00:00:00Z'), (2, '2026-03-01T01:30:00+01:00'),"
        " (3, '2026-03-01 00:45:00'), (4, ''), (5, null), (6, '2026-03-01T05:30:00+05:30')",
    )
    side = opened(contacts, Side(SqlSide(DB, table="texts"), "id", "updated_at"))
    assert sorted(keys(side.changed(T0, T0 + HOUR))) == ["1", "2", "3", "6"]
    assert sorted(keys(side.changed(T0 + HOUR, T0 + 6 * HOUR))) == []
    assert side.totals() == Totals(6, unwatched=2)


@pytest.mark.parametrize("through", ["table", "query"])
def test_bytes_are_no_keys(contacts: UserDatabase, through: str) -> None:
    types = {"postgresql": "bytea", "mariadb": "binary(16)"}
    if contacts.kind == "sqlite" and through == "query":
        pytest.skip("SQLite tells no types of a query")
    contacts.write(f"create table raw (id {types.get(contacts.kind, 'blob')}, updated_at date)")
    at = SqlSide(DB, table="raw") if through == "table" else SqlSide(DB, query="select * from raw")
    with pytest.raises(ReadError, match="`id` holds bytes") as caught:
        opened(contacts, Side(at, "id", "updated_at"))
    assert caught.value.kind == "config"


def test_a_session_only_reads(contacts: UserDatabase) -> None:
    writes = {
        "postgresql": "select nextval('numbers') as n",
        "mariadb": "select nextval(numbers) as n",
        "duckdb": "select nextval('numbers') as n",
    }
    if contacts.kind == "sqlite":
        pytest.skip("no query of SQLite writes")
    contacts.write("create sequence numbers")
    query = f"select contacts.*, w.n from contacts, ({writes[contacts.kind]}) w"
    with pytest.raises(ReadError, match=r"(?i)read.only") as caught:
        opened(contacts, of_query(query)).totals()
    assert caught.value.kind == "config"


@pytest.mark.parametrize(
    ("side", "told"),
    [
        (replace(CONTACTS, at=SqlSide(DB, table="contcts")), "contcts"),
        (of_query("select oops from"), "refused"),
        (replace(CONTACTS, key="idd"), "no column `idd` in destination table contacts"),
        (replace(CONTACTS, where="plna = 'secret'"), "plna"),
    ],
)
def test_a_wrong_manifest_is_told(contacts: UserDatabase, side: Side, told: str) -> None:
    with pytest.raises(ReadError, match=told) as caught:
        opened(contacts, side).totals()
    assert caught.value.kind == "config"
    assert "\n" not in str(caught.value)


ENDLESS = {
    "postgresql": "select count(*) as id, 1 as updated_at from generate_series(1, 100000000000)",
    "sqlite": "with recursive n(n) as (select 1 union all select n + 1 from n)"
    " select max(n) as id, '' as updated_at from n",
    "duckdb": "select count(*) as id, 1 as updated_at from range(1000000) a, range(1000000) b"
    " where a.range * b.range % 7 = 1",
    "mariadb": "select sum(a.seq * b.seq % 7) as id, 1 as updated_at"
    " from seq_1_to_1000000 a, seq_1_to_1000000 b",
}


def test_a_slow_statement_ends_with_its_timeout(contacts: UserDatabase) -> None:
    quick = replace(contacts.given, request_timeout=timedelta(seconds=0.3))
    side = Side(SqlSide(DB, query=ENDLESS[contacts.kind]), "id")
    read = open_side(side, CRM, "destination", EVERYBODY, quick)
    with pytest.raises(ReadError) as caught:
        read.totals()
    assert caught.value.kind == "timeout"


def test_a_streamed_result_may_take_longer_than_a_statement(contacts: UserDatabase) -> None:
    rows = ", ".join(f"({n}, 'acme', '', '2026-03-01 05:00:00', null)" for n in range(10, 4_010))
    contacts.write(f"insert into contacts values {rows}")
    impatient = replace(contacts.given, request_timeout=timedelta(seconds=1))
    side = open_side(CONTACTS, CRM, "destination", EVERYBODY, impatient)
    pages = side.changed(T0 + 5 * HOUR, T0 + 6 * HOUR)
    read = [len(next(pages).records)]
    slow = Side(SqlSide(DB, query=ENDLESS[contacts.kind]), "id")
    other = open_side(slow, CRM, "destination", EVERYBODY, impatient)
    with pytest.raises(ReadError, match="refused"):  # the other statements still end with it
        other.totals()
    read += [len(page.records) for page in pages]
    assert read == [1000] * 4
