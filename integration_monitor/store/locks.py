"""One measurement of a sync at a time, whoever asks: a schedule, a click in the UI, the CLI."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

import sqlalchemy as sa

from integration_monitor.store.engine import Store

_POLL_S = 0.2


class SyncLocks:
    """The locks of one measurement, all on one connection.

    A connection a lock would use up the pool where many syncs are measured at once: each would
    hold one, and wait for another one to work with.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._turn = Lock()

    @contextmanager
    def hold(self, integration: str, sync: str, remaining: Callable[[], float]) -> Iterator[None]:
        """Hold the sync's advisory lock for the block; waits for another holder.

        `remaining` gives the seconds left and raises where there are none.
        """
        names = sa.func.hashtext(integration), sa.func.hashtext(sync)
        while not self._ask(sa.func.pg_try_advisory_lock(*names)):
            time.sleep(min(_POLL_S, remaining()))
        try:
            yield
        finally:
            # Fails where the connection is gone, and with it the lock: somebody else may have
            # measured meanwhile.
            self._ask(sa.func.pg_advisory_unlock(*names))

    def _ask(self, function: sa.Function[bool]) -> bool:
        with self._turn:
            return bool(self._connection.execute(sa.select(function)).scalar_one())


@contextmanager
def sync_locks(store: Store) -> Iterator[SyncLocks]:
    """Locks that end with the block, or with the process. Raises `StoreError` without the store."""
    with store.autocommit() as connection:
        yield SyncLocks(connection)
