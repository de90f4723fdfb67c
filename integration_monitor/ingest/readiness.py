"""Whether the store can be used, answered in time whatever the store does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

from integration_monitor.store.engine import StoreError

WITHIN_S = 4.0
"""Whoever asks for readiness usually waits for 5 s or so."""


class Readiness:
    """Asks once at a time; the others wait for the answer. Belongs to one event loop."""

    def __init__(self, check: Callable[[], None], *, within_s: float = WITHIN_S) -> None:
        """`check` may block; it raises `StoreError` where the store cannot be used."""
        self._check = check
        self._within_s = within_s
        self._asked: Future[None] | None = None

    async def require(self) -> None:
        """Raises `StoreError` where the store cannot be used, or does not say so in time."""
        if self._asked is None or self._asked.done():
            self._asked = _in_thread(self._check)
        try:
            await asyncio.wait_for(asyncio.wrap_future(self._asked), self._within_s)
        except TimeoutError:
            raise StoreError(f"the store has not answered for {self._within_s:g} s") from None


def _in_thread(check: Callable[[], None]) -> Future[None]:
    """In a thread that holds up neither those of other requests nor the end of the process."""
    asked: Future[None] = Future()
    asked.set_running_or_notify_cancel()  # whoever stops waiting does not cancel it for others

    def ask() -> None:
        try:
            check()
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            asked.set_exception(error)
        else:
            asked.set_result(None)

    threading.Thread(target=ask, name="readiness", daemon=True).start()
    return asked
