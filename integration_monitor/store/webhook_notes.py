"""What a receiver says of itself each second: that it is up, whom it turned away, what came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from integration_monitor.store.engine import Store
from integration_monitor.store.kept_connection import KeptConnection
from integration_monitor.store.webhook_sql import ADD_REJECTIONS, ADD_UP, BEAT


class Rejections(NamedTuple):
    """Requests of a minute that were turned away for one reason."""

    integration: str
    connection: str
    reason: str
    minute: datetime
    requests: int
    first_at: datetime
    last_at: datetime


class NoteWriter:
    """Writes over a connection of its own: webhooks do not wait for it."""

    def __init__(self, store: Store, *, patience_s: float = 10) -> None:
        """`patience_s` bounds each write."""
        self._connection = KeptConnection(store, patience_s=patience_s)

    async def write(self, minute: datetime, rejections: Sequence[Rejections]) -> None:
        """That a receiver is up in this minute, and whom it turned away; what came is added up.

        Raises `StoreError`, `RefusedByStore`.
        """
        async with self._connection.cursor() as cursor, cursor.connection.transaction():
            await cursor.execute(BEAT, {"minute": minute})
            if rejections:
                columns = map(list, zip(*sorted(rejections), strict=True))
                named = dict(zip(Rejections._fields, columns, strict=True))
                await cursor.execute(ADD_REJECTIONS, named)
            await cursor.execute(ADD_UP)

    async def close(self) -> None:
        """Let the connection go."""
        await self._connection.close()
