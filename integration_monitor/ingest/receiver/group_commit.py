"""Group commit: whatever waits is stored in one transaction, and then all of it is acknowledged.

No timer: while a transaction is under way the next requests gather. Who waits is told either that
its events are durable or that they may not be; what is not known is not acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol

from integration_monitor.ingest.receiver.limits import DEFAULT_LIMITS, Limits
from integration_monitor.store.engine import StoreError
from integration_monitor.store.kept_connection import RefusedByStore
from integration_monitor.store.webhook_intake import Arrival

BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds before the store is tried again; the last one from then on."""
NOTE_EVERY_S = 1
_log = logging.getLogger(__name__)


class Unavailable(Exception):
    """Not known to be durable: the partner is to repeat it."""


class QueueFull(Unavailable):
    """More is waiting than is allowed."""


class Writer(Protocol):
    """Where arrivals are made durable."""

    async def add(self, arrivals: Sequence[Arrival]) -> None:
        """Store all. Raises `StoreError` where that is not known, `RefusedByStore`."""

    async def close(self) -> None:
        """Let go of the store."""


_Waiting = tuple[Arrival, asyncio.Future[None], int]
"""The last one: bytes."""


class GroupCommit:
    """Stores arrivals together. Belongs to one event loop, on which `run` has to be running."""

    def __init__(
        self,
        writer: Writer,
        note: Callable[[], Awaitable[None]],
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """`note` stores what else there is to say, and raises `StoreError`; called each second."""
        self._writer = writer
        self._note = note
        self._limits = limits
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._requests = 0
        self._wake = asyncio.Event()
        self._trouble = asyncio.Event()
        self._away = False
        self._closing = False

    async def store(self, arrival: Arrival) -> None:
        """Returns when it is durable. Raises `Unavailable`, `QueueFull` where too much waits."""
        if self._away:
            raise Unavailable("the store is away")
        size = arrival.size
        if (
            self._requests >= self._limits.waiting
            or self._bytes + size > self._limits.waiting_bytes
        ):
            raise QueueFull("too much is waiting")
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((arrival, durable, size))
        self._requests, self._bytes = self._requests + 1, self._bytes + size
        self._wake.set()
        try:
            await durable
        finally:
            self._requests, self._bytes = self._requests - 1, self._bytes - size

    async def run(self) -> None:
        """Until `close`, and then until nothing waits any more."""
        watching = asyncio.create_task(self._watch())
        await self._commit()
        await watching
        await self._writer.close()

    def close(self) -> None:
        """Let `run` end when everything that waits is stored."""
        self._closing = True
        self._wake.set()
        self._trouble.set()

    async def _commit(self) -> None:
        while True:
            # Who was told is answered first, and what has just arrived comes along.
            await asyncio.sleep(0)
            if batch := self._take():
                try:
                    await self._write(batch)
                except Exception as error:  # noqa: BLE001 - who waits is told, whatever it was
                    self._lose(error)
            elif self._closing:
                return
            else:
                self._wake.clear()
                await self._wake.wait()

    async def _watch(self) -> None:
        """Of a store that is away a note is also how it shows that it is back."""
        failures = 0
        while not self._closing:
            if self._away:
                await self._pause(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
            try:
                await self._note()
            except Exception as error:  # noqa: BLE001 - it is tried again
                self._lose(error)
                failures += 1
                continue
            failures = 0
            if self._away:
                _log.warning("the store is back; webhooks are taken again")
                self._away = False
            await self._pause(NOTE_EVERY_S)
        with suppress(StoreError, RefusedByStore):
            await self._note()

    def _take(self) -> Sequence[_Waiting]:
        """All that waits, as far as it goes into one transaction."""
        batch: list[_Waiting] = []
        size = 0
        while self._queue and size < self._limits.at_once_bytes:
            batch.append(self._queue.popleft())
            size += batch[-1][2]
        return batch

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        try:
            await self._writer.add([one[0] for one in batch])
        except RefusedByStore as error:
            # One of them is to blame, or they met another receiver's: that is no fault of all.
            if len(batch) > 1:
                for one in batch:
                    await self._write([one])
            else:
                _log.error("the store refuses a webhook of %s: %s", _named(batch), error)
                _settle(batch, Unavailable("it could not be stored"))
        except Exception:
            _settle(batch, Unavailable("the store is away"))
            raise
        else:
            _settle(batch, None)

    def _lose(self, error: Exception) -> None:
        if not self._away:
            known = isinstance(error, StoreError | RefusedByStore)
            _log.warning("webhooks are answered 503: %s", error, exc_info=None if known else error)
            self._away = True
            self._trouble.set()
        _settle(self._queue, Unavailable("the store is away"))
        self._queue.clear()

    async def _pause(self, seconds: float) -> None:
        """So long, or until there is trouble."""
        self._trouble.clear()
        if not self._closing:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._trouble.wait()


def _settle(waiting: Iterable[_Waiting], error: Unavailable | None) -> None:
    for _, durable, _ in waiting:
        if durable.done():  # whoever waited was ended
            continue
        if error is None:
            durable.set_result(None)
        else:
            durable.set_exception(error)


def _named(batch: Sequence[_Waiting]) -> str:
    return ", ".join(sorted({event.integration for one in batch for event in one[0].events}))
