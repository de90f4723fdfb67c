"""A connection that a receiver keeps: each use is bounded, and a lost one is made anew."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import psycopg
from psycopg import errors

from integration_monitor.store.columns import register
from integration_monitor.store.engine import Store, StoreError

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Cursor = psycopg.AsyncCursor[tuple[Any, ...]]


class RefusedByStore(Exception):
    """The store works and takes this all the same not. Nothing of it is stored."""


class KeptConnection:
    """For one task at a time."""

    def __init__(self, store: Store, *, patience_s: float = 10) -> None:
        """`patience_s` bounds each use, whatever the store or the network does."""
        self._store = store
        self._patience_s = patience_s
        self._kept: Cursor | None = None
        """To make a cursor costs a tenth of a small write."""

    @asynccontextmanager
    async def cursor(self) -> AsyncIterator[Cursor]:
        """A cursor that commits each statement; takes columns as parameters.

        Raises `StoreError` where it is not known what was done, from the block too. Raises
        `RefusedByStore` where the statement was not, and the store is well.
        """
        with _said_clearly():
            cursor = await self._connected()
            with _within(self._patience_s, cursor.connection):
                yield cursor

    async def close(self) -> None:
        """Let the connection go; the next use opens another one."""
        cursor, self._kept = self._kept, None
        if cursor is not None:
            await cursor.connection.close()

    async def _connected(self) -> Cursor:
        if self._kept is None or self._kept.connection.closed:
            connect = self._store.connect_arguments(statement_timeout_s=self._patience_s)
            # A plan that was made while the tables were empty is kept: it must not read all of
            # them. Said at once: what is asked later is asked within the bounds of a use.
            connect["options"] += " -c enable_seqscan=off"
            connection = await psycopg.AsyncConnection.connect(**connect, autocommit=True)
            register(connection)
            self._kept = connection.cursor()
        return self._kept


@contextmanager
def _within(seconds: float, connection: Connection) -> Iterator[None]:
    """End what is waited for after so long; whoever waits is told by the connection's error."""
    timer = asyncio.get_running_loop().call_later(seconds, _hang_up, connection)
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connection: Connection) -> None:
    """Without waiting for the server to agree."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as one:
        one.shutdown(socket.SHUT_RDWR)


@contextmanager
def _said_clearly() -> Iterator[None]:
    try:
        yield
    except (errors.DeadlockDetected, errors.SerializationFailure) as error:
        raise RefusedByStore(type(error).__name__) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        first = (str(error).strip().splitlines() or ["no connection"])[0]
        raise StoreError(f"the store does not answer: {first}") from error
    except (psycopg.Error, ValueError) as error:  # values that no text or time of PostgreSQL has
        raise RefusedByStore(type(error).__name__) from error
