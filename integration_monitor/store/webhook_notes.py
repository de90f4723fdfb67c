"""What a receiver says each second: that it is up, how much it took, whom it turned away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from integration_monitor.store.engine import Store
from integration_monitor.store.kept_connection import KeptConnection
from integration_monitor.store.webhook_sql import ADD_ACCEPTED, ADD_REJECTIONS, ADD_UP, BEAT


class Rejections(NamedTuple):
    """Requests of a minute that were turned away for one reason."""

    integration: str
    connection: str
    reason: str
    minute: datetime
    requests: int
    first_at: datetime
    last_at: datetime


class Accepted(NamedTuple):
    """Requests that came in a minute and were acknowledged; repeats are among them."""

    integration: str
    connection: str
    minute: datetime
    requests: int


class NoteWriter:
    """Writes over a connection of its own: webhooks do not wait for it."""

    def __init__(self, store: Store, *, patience_s: float = 10) -> None:
        """`patience_s` bounds each write."""
        self._connection = KeptConnection(store, patience_s=patience_s)

    async def write(
        self, minute: datetime, rejections: Sequence[Rejections], accepted: Sequence[Accepted]
    ) -> None:
        """That a receiver is up in this minute, and its counts; what came is added up.

        In one transaction: a share of what was rejected is one of all that came up to then.
        Raises `StoreError`, `RefusedByStore`.
        """
        async with self._connection.cursor() as cursor, cursor.connection.transaction():
            await cursor.execute(BEAT, {"minute": minute})
            # In the order of their keys, so that receivers do not wait for each other in a circle.
            if rejections:
                await cursor.execute(ADD_REJECTIONS, _columns(sorted(rejections)))
            if accepted:
                await cursor.execute(ADD_ACCEPTED, _columns(sorted(accepted)))
            await cursor.execute(ADD_UP)

    async def close(self) -> None:
        """Let the connection go."""
        await self._connection.close()


def _columns(rows: Sequence[Rejections] | Sequence[Accepted]) -> Mapping[str, list[object]]:
    """Column by column, in the order of the rows."""
    columns = map(list, zip(*rows, strict=True))
    return dict(zip(rows[0]._fields, columns, strict=True))
