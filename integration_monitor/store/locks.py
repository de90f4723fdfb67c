"""One measurement of a sync at a time, whoever asks: a schedule, a click in the UI, the CLI."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from integration_monitor.store.engine import Store

_POLL_S = 0.2


@contextmanager
def sync_lock(
    store: Store, integration: str, sync: str, remaining: Callable[[], float]
) -> Iterator[None]:
    """Hold the sync's advisory lock for the block; waits for another holder.

    `remaining` gives the seconds left and raises where there are none.
    """
    with store.begin() as connection:
        # The lock ends with the transaction, so also with a killed process.
        attempt = sa.select(
            sa.func.pg_try_advisory_xact_lock(sa.func.hashtext(integration), sa.func.hashtext(sync))
        )
        while not connection.execute(attempt).scalar_one():
            time.sleep(min(_POLL_S, remaining()))
        yield
