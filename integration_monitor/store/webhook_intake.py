"""Writing webhooks that came: all that are waiting at once, known to be durable when it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from integration_monitor.store.columns import Bytes, Column, Numbers, Texts, Times
from integration_monitor.store.engine import Store
from integration_monitor.store.kept_connection import KeptConnection
from integration_monitor.store.webhook_sql import ADD_EVENTS, ADD_LISTS, REQUEST_IDS


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


_KINDS: tuple[type[Column], ...] = (
    *(Texts, Texts, Texts, Bytes, Texts, Texts, Texts, Texts),
    *(Times, Times, Texts, Bytes, Numbers),
)
"""Of the columns of `NewEvent`."""


class Arrival(NamedTuple):
    """The events of one request, to be stored together."""

    events: Sequence[NewEvent]
    raw: bytes | None = None
    """The request's body, where it is not the body of its only event."""

    @property
    def size(self) -> int:
        """Bytes of its bodies."""
        size = len(self.raw or b"")
        for event in self.events:
            size += len(event.body)
        return size


class WebhookWriter:
    """Writes over a connection of its own, one thing after another."""

    def __init__(self, store: Store, *, patience_s: float = 10) -> None:
        """`patience_s` bounds each write, whatever the store or the network does."""
        self._connection = KeptConnection(store, patience_s=patience_s)

    async def add(self, arrivals: Sequence[Arrival]) -> None:
        """Store all, and count them; events that are there already only count as duplicates.

        Raises `StoreError` where it is not known that all of it is durable: some of it may be.
        Raises `RefusedByStore` where nothing was stored and the store is well.
        """
        async with self._connection.cursor() as cursor:
            lists = [one for one in arrivals if one.raw is not None]
            ids: list[int] = []
            if lists:
                await cursor.execute(REQUEST_IDS, {"number": len(lists)})
                ids = [row[0] for row in await cursor.fetchall()]
            # One statement is one transaction, and one journey to the server.
            await cursor.execute(
                ADD_LISTS if lists else ADD_EVENTS, parameters(arrivals, lists, ids)
            )

    async def close(self) -> None:
        """Let the connection go; the next write opens another one."""
        await self._connection.close()


def parameters(
    arrivals: Sequence[Arrival], lists: Sequence[Arrival], list_ids: Sequence[int]
) -> Mapping[str, object]:
    """The events of all, column by column, and the bodies of lists, with the ids of these."""
    ids = iter(list_ids)
    of_request: list[int | None] = []
    for arrival in arrivals:
        request = next(ids) if arrival.raw is not None else None
        of_request += [request] * len(arrival.events)
    events = zip(*(event for arrival in arrivals for event in arrival.events), strict=True)
    columns = zip(NewEvent._fields, _KINDS, events, strict=True)
    return {
        **{name: _unless_empty(kind(column)) for name, kind, column in columns},
        "request_id": _unless_empty(Numbers(of_request)),
        "raw_id": Numbers(list_ids),
        "raw_at": Times(one.events[0].received_at for one in lists),
        "raw_body": Bytes(one.raw for one in lists),
    }


def _unless_empty(column: Column) -> Column | None:
    """A column in which there is nothing need not be handed over value by value."""
    return column if any(value is not None for value in column) else None
