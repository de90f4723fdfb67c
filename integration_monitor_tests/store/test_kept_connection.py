"""A connection that is kept: bounded, and made anew when it is lost."""

from __future__ import annotations

import asyncio

import pytest

from integration_monitor.store.engine import Store, StoreError
from integration_monitor.store.kept_connection import KeptConnection, RefusedByStore


async def ask(connection: KeptConnection, statement: str) -> int:
    async with connection.cursor() as cursor:
        await cursor.execute(statement)
        found = await cursor.fetchone()
        return int(found[0]) if found else 0


def test_it_is_kept_until_it_is_lost(store: Store) -> None:
    async def story() -> None:
        connection = KeptConnection(store)
        backend = await ask(connection, "select pg_backend_pid()")
        assert await ask(connection, "select pg_backend_pid()") == backend
        with pytest.raises(StoreError, match="the store does not answer"):
            await ask(connection, "select pg_terminate_backend(pg_backend_pid())::int")
        assert await ask(connection, "select pg_backend_pid()") != backend
        await connection.close()

    asyncio.run(story())


def test_what_is_refused_costs_no_connection(store: Store) -> None:
    async def story() -> None:
        connection = KeptConnection(store)
        backend = await ask(connection, "select pg_backend_pid()")
        with pytest.raises(RefusedByStore):
            await ask(connection, "select 1 / 0")
        assert await ask(connection, "select pg_backend_pid()") == backend
        await connection.close()

    asyncio.run(story())


def test_a_store_that_does_not_come_back_is_hung_up_on(store: Store) -> None:
    async def story() -> None:
        connection = KeptConnection(store, patience_s=0.5)
        # Its own limit would end it, too.
        await ask(connection, "select set_config('statement_timeout', '0', false) is null")
        with pytest.raises(StoreError, match="the store does not answer"):
            await ask(connection, "select 1 from pg_sleep(60)")
        assert await ask(connection, "select 1") == 1
        await connection.close()

    asyncio.run(story())
