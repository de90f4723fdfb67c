from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from integration_monitor.store.engine import Store, StoreError, open_store, store_url
from integration_monitor.store.migrate import newest_revision, require_current, upgrade
from integration_monitor.store.table_parts import SCHEMA, metadata


def test_migrations_give_the_tables_that_the_code_declares(store: Store) -> None:
    with store.begin() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, type_, _: type_ != "schema" or name == SCHEMA,
                "version_table_schema": SCHEMA,
            },
        )
        assert compare_metadata(context, metadata) == []


def test_processes_that_start_at_once_do_not_race(database_url: str) -> None:
    def start() -> str:
        store = open_store(database_url)
        try:
            return upgrade(store)
        finally:
            store.dispose()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: start(), range(4)))
    assert found == [newest_revision()] * 4


def test_a_store_newer_than_the_code_is_refused(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(sa.text(f"update {SCHEMA}.alembic_version set version_num = '9999'"))
    for action in (upgrade, require_current):
        with pytest.raises(StoreError, match=r"\(9999\) is newer .* upgrade the package"):
            action(store)


def test_an_empty_store_says_what_to_run(database_url: str) -> None:
    store = open_store(database_url)
    with pytest.raises(StoreError, match=r"is empty.*integration-monitor db upgrade"):
        require_current(store)
    store.dispose()


def test_a_store_that_is_away_is_a_clear_error_without_the_password() -> None:
    store = open_store("postgresql://someone:hunter2@127.0.0.1:1/nothing")
    with pytest.raises(StoreError, match="does not answer") as caught:
        require_current(store)
    assert "hunter2" not in str(caught.value)
    store.dispose()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:///x.db", "must name a PostgreSQL server"),
        ("nonsense", "not a database URL"),
    ],
)
def test_other_urls_are_refused(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        open_store(url)


def test_without_a_url_the_message_says_what_to_set() -> None:
    with pytest.raises(StoreError, match="INTEGRATION_MONITOR_DATABASE_URL is not set"):
        store_url({})
