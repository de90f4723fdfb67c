"""Real servers for the tests: one embedded PostgreSQL a session, databases of its own a test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import hypothesis
import psycopg
import pytest

from integration_monitor.store.embedded import EmbeddedPostgres, temporary_postgres
from integration_monitor.store.engine import Store, open_store
from integration_monitor.store.migrate import upgrade

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The session's PostgreSQL server, without durability: it lives no longer than the tests."""
    with temporary_postgres() as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("alter system set fsync = off")
            connection.execute("alter system set synchronous_commit = off")
            connection.execute("select pg_reload_conf()")
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres: EmbeddedPostgres) -> str:
    """The name of a database with the migrated schema, to be copied."""
    store = open_store(postgres.create_database("store_template"))
    upgrade(store)
    store.dispose()
    return "store_template"


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """An empty database for use as somebody's product database or warehouse."""
    name = f"user_{next(_numbers)}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture
def store_url(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[str]:
    """A database with the store's schema and no rows."""
    name = f"store_{next(_numbers)}"
    yield postgres.create_database(name, template=migrated_template)
    postgres.drop_database(name)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An opened store without rows."""
    opened = open_store(store_url)
    yield opened
    opened.dispose()
