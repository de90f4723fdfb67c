"""Unified events as rows of a product's database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from integration_monitor.ingest.processing.sink import Outgoing
from integration_monitor.ingest.processing.sql_sink import open_sql_sink
from integration_monitor.ingest.processing.unified_event import Raw, UnifiedEvent
from integration_monitor.store import webhook_replay
from integration_monitor.store.engine import Store
from integration_monitor_tests.freezing_proxy import freezing_proxy
from integration_monitor_tests.ingest.processing.conftest import Work
from integration_monitor_tests.ingest.processing.examples import (
    NOW,
    Clock,
    crm,
    event,
    receive,
    sql,
    states,
    stored,
)


@pytest.fixture
def warehouse(database_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(sa.make_url(database_url).set(drivername="postgresql+psycopg"))
    yield engine
    engine.dispose()


def rows(warehouse: sa.Engine, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_events_become_rows_and_the_newest_of_each_object_another(
    store: Store, database_url: str, warehouse: sa.Engine, work: Work
) -> None:
    receive(store, event(1), event(2, contact="c2"), event(3, type="contact.deleted"))
    work(crm(warehouse=sql(database_url))).once()
    assert set(states(store)) == {"processed"}
    found = rows(
        warehouse, "select type, object_id, data, raw->>'id' from crm.events order by sequence"
    )
    assert found[:2] == [
        ("crm.contact.updated", "c1", {"email": "1@example.com", "plan": "pro"}, "e1"),
        ("crm.contact.updated", "c2", {"email": "2@example.com", "plan": "pro"}, "e2"),
    ]
    assert rows(warehouse, "select object_id, type from crm.events_objects order by 1") == [
        ("c1", "crm.contact.deleted"),
        ("c2", "crm.contact.updated"),
    ]


def test_an_older_event_does_not_overwrite_a_newer_one(
    store: Store, database_url: str, warehouse: sa.Engine, work: Work
) -> None:
    worker = work(crm(warehouse=sql(database_url)))
    for number in (5, 3, 7, 6):
        receive(store, event(number))
        worker.once()
    current = rows(warehouse, "select data->>'email' from crm.events_objects")
    assert current == [("7@example.com",)]
    told = rows(warehouse, "select raw->>'id', superseded from crm.events order by sequence")
    assert told == [("e5", False), ("e3", True), ("e7", False), ("e6", True)]


def test_an_event_that_comes_twice_is_one_row(
    store: Store, database_url: str, warehouse: sa.Engine, work: Work
) -> None:
    receive(store, event(1))
    worker = work(crm(warehouse=sql(database_url)))
    worker.once()
    with store.begin() as connection:
        assert webhook_replay.replay(connection, NOW, event_id="e1") == 1
    worker.once()
    assert rows(warehouse, "select count(*) from crm.events") == [(1,)]
    assert states(store) == ["processed"]


def test_a_value_that_a_table_cannot_hold_is_the_event_s_own_trouble(
    store: Store, database_url: str, warehouse: sa.Engine, work: Work, clock: Clock
) -> None:
    receive(store, event(1), event(2, contact="c2", fields={"email": "a\x00b"}), event(3))
    worker = work(crm(warehouse=sql(database_url)))
    for _ in range(8):
        worker.once()
        clock.on(seconds=10)
    assert states(store) == ["processed", "dead", "processed"]
    said = stored(store)[1].error
    assert "warehouse: the database" in said
    assert "a\x00b" not in said


def test_a_database_that_is_away_and_comes_back(
    store: Store, database_url: str, warehouse: sa.Engine, work: Work, clock: Clock
) -> None:
    with warehouse.begin() as connection:
        # Something else of that name: it has to be mended by its owner.
        connection.execute(sa.text("create schema crm"))
        connection.execute(sa.text("create table crm.events (id text primary key)"))
    receive(store, *(event(n, contact=f"c{n}") for n in range(5)))
    worker = work(crm(warehouse=sql(database_url)))
    worker.once()
    assert set(states(store)) == {"received"}
    assert "refused" in next(iter(worker.taken().trouble.values()))
    with warehouse.begin() as connection:
        connection.execute(sa.text("drop table crm.events"))
    clock.on(minutes=1)
    worker.once()
    assert set(states(store)) == {"processed"}


def test_tables_that_are_there_need_no_right_to_create(
    store: Store, database_url: str, warehouse: sa.Engine, work: Work
) -> None:
    receive(store, event(1))
    work(crm(warehouse=sql(database_url))).once()
    with warehouse.begin() as connection:
        connection.execute(sa.text("create role writer login password 'written'"))
        connection.execute(sa.text("grant usage on schema crm to writer"))
        connection.execute(
            sa.text("grant select, insert, update on all tables in schema crm to writer")
        )
    try:
        url = sa.make_url(database_url).set(username="writer", password="written")
        receive(store, event(2))
        work(crm(warehouse=sql(url.render_as_string(hide_password=False)))).once()
        assert set(states(store)) == {"processed"}
    finally:
        with warehouse.begin() as connection:
            connection.execute(sa.text("drop owned by writer"))
            connection.execute(sa.text("drop role writer"))


def test_a_connection_that_falls_silent_is_given_up_for_another(database_url: str) -> None:
    event = UnifiedEvent(
        id="evt_1", type="crm.contact.updated", kind="crm.contact", integration="crm",
        tenant="acme", object_id="c1", occurred_at=NOW, received_at=NOW, sequence=1,
        conflicting=False, data={}, raw=Raw("e1", "contact.changed", "-", ""),
    )  # fmt: skip
    with freezing_proxy(database_url) as proxy:
        sink = open_sql_sink(sql(proxy.url), {}, patience_s=0.5)
        try:
            for _ in range(2):
                assert sink.deliver([Outgoing(event, superseded=False)], NOW) == [None]
                proxy.freeze()
        finally:
            sink.close()
