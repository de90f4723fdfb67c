"""Writing webhooks that came: all that are waiting at once, known to be durable when it returns."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg import errors

from integration_monitor.store.engine import Store, StoreError
from integration_monitor.store.webhook_sql import (
    ADD_EVENTS,
    ADD_REJECTIONS,
    BEAT,
    REQUEST_IDS,
)

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class NewEvent(NamedTuple):
    """An event as it is stored; a tuple, for each column is handed over as a list."""

    integration: str
    connection: str
    event_id: str
    digest: bytes
    type: str | None
    tenant: str
    object_id: str | None
    order_key: str | None
    occurred_at: datetime | None
    received_at: datetime
    headers: str
    """JSON."""
    body: bytes
    entry: int | None = None
    """Where in its request's list it was, from 1 on; None: its body is the request's."""


class Arrival(NamedTuple):
    """The events of one request, to be stored together."""

    events: Sequence[NewEvent]
    raw: bytes | None = None
    """The request's body, where it is not the body of its only event."""

    @property
    def size(self) -> int:
        """Bytes of its bodies."""
        return sum(len(event.body) for event in self.events) + len(self.raw or b"")


class Rejections(NamedTuple):
    """Requests of a minute that were turned away for one reason."""

    integration: str
    connection: str
    reason: str
    minute: datetime
    requests: int
    first_at: datetime
    last_at: datetime


class RefusedByStore(Exception):
    """The store works and takes this all the same not. Nothing of it is stored."""


class WebhookWriter:
    """Writes over one connection of its own, made anew when it is lost; one thing after another."""

    def __init__(self, store: Store, *, patience_s: float = 10) -> None:
        """`patience_s` bounds each write, whatever the store or the network does."""
        self._store = store
        self._patience_s = patience_s
        self._connection: Connection | None = None
        self._one_at_a_time = asyncio.Lock()

    async def add(self, arrivals: Sequence[Arrival]) -> None:
        """Store all, and count them; events that are there already only count as duplicates.

        Raises `StoreError` where it is not known that all of it is durable: some of it may be.
        Raises `RefusedByStore` where nothing was stored and the store is well.
        """
        with _said_clearly():
            async with self._one_at_a_time:
                connection = await self._connected()
                await self._within(_add(connection, arrivals), connection)

    async def note(self, minute: datetime, rejections: Sequence[Rejections]) -> None:
        """That a receiver is up in this minute, and whom it turned away. Raises `StoreError`."""
        with _said_clearly():
            async with self._one_at_a_time:
                connection = await self._connected()
                await self._within(_note(connection, minute, rejections), connection)

    async def close(self) -> None:
        """Let the connection go; the next write opens another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connected(self) -> Connection:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        connect = self._store.connect_arguments(statement_timeout_s=self._patience_s)
        self._connection = await psycopg.AsyncConnection.connect(**connect, autocommit=True)
        # A plan that was made while the tables were empty is kept: it must not read all of them.
        await self._connection.execute("set enable_seqscan = off")
        return self._connection

    async def _within(self, work: Any, connection: Connection) -> None:
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=self._patience_s)
        if not done:
            _hang_up(connection)
        await task


def _hang_up(connection: Connection) -> None:
    """End what is waited for, without waiting for the server to agree."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as one:
        one.shutdown(socket.SHUT_RDWR)


async def _add(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    lists = [one for one in arrivals if one.raw is not None]
    ids: list[int] = []
    if lists:
        found = await connection.execute(REQUEST_IDS, {"number": len(lists)})
        ids = [row[0] for row in await found.fetchall()]
    # One statement is one transaction, and one journey to the server.
    await connection.execute(ADD_EVENTS, _parameters(arrivals, lists, ids))


async def _note(connection: Connection, minute: datetime, rejections: Sequence[Rejections]) -> None:
    async with connection.transaction():
        await connection.execute(BEAT, {"minute": minute})
        if rejections:
            await connection.execute(ADD_REJECTIONS, _by_name(Rejections, sorted(rejections)))


def _parameters(
    arrivals: Sequence[Arrival], lists: Sequence[Arrival], list_ids: Sequence[int]
) -> Mapping[str, object]:
    """The events of all, column by column, and the bodies of lists."""
    events = [event for arrival in arrivals for event in arrival.events]
    ids = iter(list_ids)
    of_request: list[int | None] = []
    for arrival in arrivals:
        request = next(ids) if arrival.raw is not None else None
        of_request += [request] * len(arrival.events)
    return {
        **_by_name(NewEvent, events),
        "request_id": of_request,
        "conflicting": _differing(events),
        "raw_id": list(list_ids),
        "raw_at": [one.events[0].received_at for one in lists],
        "raw_body": [one.raw for one in lists],
    }


def _differing(events: Sequence[NewEvent]) -> list[bool]:
    """Whether another one of these, before it, has the same id and says something else."""
    first: dict[tuple[str, str, str], bytes] = {}
    return [
        first.setdefault((event.integration, event.connection, event.event_id), event.digest)
        != event.digest
        for event in events
    ]


def _by_name(kind: Any, rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    columns = map(list, zip(*rows, strict=True))
    return dict(zip(kind._fields, columns, strict=True))


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
