"""What is particular about MySQL and MariaDB, on a real MariaDB server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from integration_monitor.manifest.domain import Side, SqlSide
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import OpenSide, ReadError
from integration_monitor_tests.observe.databases.conftest import execute
from integration_monitor_tests.observe.databases.mariadb import MariaDb
from integration_monitor_tests.observe.databases.test_every_database import (
    CRM,
    DB,
    EVERYBODY,
    HOUR,
    T0,
    keys,
)
from integration_monitor_tests.observe.readings import reading

pytestmark = pytest.mark.mariadb

CONTACTS = Side(SqlSide(DB, table="contacts"), "id", "updated_at")


@pytest.fixture
def contacts(mariadb_url: str) -> Iterator[Reading]:
    execute(
        mariadb_url,
        "create table contacts (id bigint unsigned primary key, name varchar(20),"
        " updated_at datetime(3)) collate utf8mb4_general_ci",
        "insert into contacts values (18446744073709551615, 'Key', '2026-03-01 00:00:00.250'),"
        " (7, 'key', '2026-03-01 00:10:00'), (8, 'kéy ', '2026-03-01 00:20:00')",
    )
    with reading({"DB": mariadb_url}) as given:
        yield given


def opened(given: Reading, side: Side = CONTACTS) -> OpenSide:
    return open_side(side, CRM, "destination", EVERYBODY, given)


@pytest.mark.parametrize(
    "at", [SqlSide(DB, table="contacts"), SqlSide(DB, query="select * from contacts")]
)
def test_keys_without_a_sign_are_found(contacts: Reading, at: SqlSide) -> None:
    side = opened(contacts, replace(CONTACTS, at=at))
    found = side.lookup(["18446744073709551615", "7", "18446744073709551616", "-7"])
    assert sorted(record.key for record in found) == ["18446744073709551615", "7"]


def test_keys_that_differ_in_case_alone_are_two(contacts: Reading) -> None:
    side = opened(contacts, replace(CONTACTS, key="name"))
    assert [record.key for record in side.lookup(["key"])] == ["key"]
    assert [record.key for record in side.lookup(["Key"])] == ["Key"]
    assert [record.key for record in side.lookup(["KEY"])] == []
    assert sorted(record.key for record in side.lookup(["kéy", "key"])) == ["key", "kéy"]


@pytest.mark.parametrize(
    ("type_", "granularity"),
    [
        ("datetime", timedelta(seconds=1)),
        ("datetime(3)", timedelta(milliseconds=1)),
        ("timestamp(6) null", timedelta(microseconds=1)),
    ],
)
def test_times_have_the_precision_of_their_type(
    contacts: Reading, mariadb_url: str, type_: str, granularity: timedelta
) -> None:
    execute(mariadb_url, f"alter table contacts modify updated_at {type_}")
    assert opened(contacts).granularity == granularity
    query = replace(CONTACTS, at=SqlSide(DB, query="select * from contacts"))
    assert opened(contacts, query).granularity == granularity


def test_a_timestamp_is_read_in_utc_whatever_the_servers_time_zone(
    contacts: Reading, mariadb_url: str
) -> None:
    execute(mariadb_url, "alter table contacts modify updated_at timestamp(3) null")
    assert keys(opened(contacts).changed(T0, T0 + timedelta(minutes=15))) == [
        "18446744073709551615", "7",
    ]  # fmt: skip


def test_other_databases_of_the_server_are_named_in_front(
    contacts: Reading, mariadb: MariaDb
) -> None:
    mariadb.execute(
        "create or replace database elsewhere",
        "create table elsewhere.contacts as select 5 as id, '2026-03-01' as updated_at",
    )
    side = replace(CONTACTS, at=SqlSide(DB, table="elsewhere.contacts"))
    assert [record.key for record in opened(contacts, side).lookup(["5"])] == ["5"]
    mariadb.execute("drop database elsewhere")


# --- what cannot be read -----------------------------------------------------------------------


def test_a_user_or_password_that_is_refused(mariadb: MariaDb) -> None:
    url = mariadb.url("mysql", "nobody", "hunter2")
    with reading({"DB": url}) as given, pytest.raises(ReadError, match="denied") as caught:
        opened(given)
    assert caught.value.kind == "auth"
    assert "hunter2" not in str(caught.value)


def test_what_a_user_may_not_read(contacts: Reading, mariadb: MariaDb, mariadb_url: str) -> None:
    name = mariadb_url.rpartition("/")[2]
    mariadb.execute(
        "create or replace user reader identified by 'hunter2'",
        f"grant create on {name}.* to reader",
    )
    url = mariadb.url(name, "reader", "hunter2")
    with reading({"DB": url}) as given, pytest.raises(ReadError, match="denied") as caught:
        opened(given)
    assert caught.value.kind == "permission"
    mariadb.execute("drop user reader")


def test_a_database_that_does_not_exist(mariadb: MariaDb) -> None:
    with reading({"DB": mariadb.url("absent")}) as given, pytest.raises(ReadError) as caught:
        opened(given)
    assert caught.value.kind == "config"
    assert "Unknown database 'absent'" in str(caught.value)


def test_a_port_at_which_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"mysql://me:hunter2@127.0.0.1:{closed.getsockname()[1]}/warehouse"
    with reading({"DB": url}) as given, pytest.raises(ReadError) as caught:
        opened(given)
    assert caught.value.kind == "network"
    assert "hunter2" not in str(caught.value)


@pytest.mark.slow
def test_a_server_that_says_nothing_is_given_up_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"mysql://me:hunter2@127.0.0.1:{silent.getsockname()[1]}/warehouse"
        with reading({"DB": url}) as given, pytest.raises(ReadError) as caught:
            opened(given)
    assert caught.value.kind in ("timeout", "network")


def test_a_connection_that_was_killed_is_not_used_again(
    contacts: Reading, mariadb: MariaDb
) -> None:
    side = opened(contacts)
    side.now()
    mariadb.kill_readers()
    assert side.totals().records == 3


def test_a_session_that_is_killed_while_rows_stream_is_a_network_error(
    contacts: Reading, mariadb: MariaDb, mariadb_url: str
) -> None:
    execute(
        mariadb_url,
        "insert into contacts select seq, repeat('x', 20), '2026-03-01 05:00:00'"
        " from seq_1001_to_300000",
    )
    side = opened(contacts)
    pages = side.changed(T0, T0 + 6 * HOUR)
    next(pages)
    mariadb.kill_readers()
    with pytest.raises(ReadError, match="cannot reach the database") as caught:
        list(pages)
    assert caught.value.kind == "network"
    assert side.totals().records == 299_003


def test_a_locked_table_is_waited_for_no_longer_than_the_timeout(
    contacts: Reading, mariadb: MariaDb, mariadb_url: str
) -> None:
    side = opened(replace(contacts, request_timeout=timedelta(seconds=0.3)))
    with mariadb.connect(mariadb_url.rpartition("/")[2]) as owner, owner.cursor() as cursor:
        cursor.execute("lock tables contacts write")
        with pytest.raises(ReadError) as caught:
            side.totals()
    assert caught.value.kind == "timeout"


def test_rows_that_nobody_wants_any_more_do_not_spoil_the_connection(contacts: Reading) -> None:
    query = "select seq as id, timestamp '2026-03-01 00:00:00' as updated_at from seq_1_to_5000"
    side = opened(contacts, replace(CONTACTS, at=SqlSide(DB, query=query)))
    pages = side.changed(T0, T0 + HOUR)
    assert len(next(pages).records) == 1000
    del pages
    assert side.totals().records == 5000
