from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from integration_monitor.store.engine import Store, StoreError
from integration_monitor.store.locks import sync_locks


class GaveUp(Exception):
    pass


@pytest.fixture
def small(store: Store) -> Iterator[Store]:
    """A store with two connections in its pool."""
    opened = Store(
        sa.create_engine(store.engine.url, pool_size=2, max_overflow=0, pool_timeout=0.2)
    )
    yield opened
    opened.dispose()


def in_vain() -> float:
    raise GaveUp


def test_many_locks_leave_connections_to_work_with(small: Store) -> None:
    with sync_locks(small) as locks, ExitStack() as held:
        for number in range(10):
            held.enter_context(locks.hold("crm", f"sync_{number}", in_vain))
        with small.begin() as connection:
            assert connection.execute(sa.text("select 1")).scalar_one() == 1


def test_a_lock_is_held_until_the_block_ends(store: Store) -> None:
    with sync_locks(store) as ours, sync_locks(store) as theirs:
        with ours.hold("crm", "contacts", in_vain):
            with pytest.raises(GaveUp), theirs.hold("crm", "contacts", in_vain):
                pass
            with theirs.hold("crm", "deals", in_vain):
                pass
        with theirs.hold("crm", "contacts", in_vain):
            pass


def test_a_lock_that_was_lost_is_said(store: Store) -> None:
    with (
        pytest.raises(StoreError),
        sync_locks(store) as locks,
        store.begin() as connection,
        locks.hold("crm", "contacts", in_vain),
    ):
        connection.execute(
            sa.text(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        )


def test_a_pool_that_is_used_up_is_said(small: Store) -> None:
    full = pytest.raises(StoreError, match="all in use")
    with small.begin(), small.begin(), full, small.begin():
        pass
