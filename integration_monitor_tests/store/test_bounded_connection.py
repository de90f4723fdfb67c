"""Connections that fall silent: given up in time, and replaced by ones that work."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
import sqlalchemy as sa

from integration_monitor.store.bounded_connection import SPARED_S
from integration_monitor.store.engine import Store, StoreError, open_store
from integration_monitor_tests.freezing_proxy import FreezingProxy, freezing_proxy

PATIENCE = timedelta(seconds=0.5)
SILENCE_S = PATIENCE.total_seconds() + SPARED_S


@pytest.fixture
def proxy(store_url: str) -> Iterator[FreezingProxy]:
    with freezing_proxy(store_url) as one:
        yield one


@pytest.fixture
def patient(proxy: FreezingProxy) -> Iterator[Store]:
    opened = open_store(proxy.url, patience=PATIENCE)
    yield opened
    opened.dispose()


def ask(store: Store) -> int:
    with store.begin() as connection:
        return int(connection.execute(sa.text("select 1")).scalar_one())


@pytest.mark.parametrize("rows", [1, 300])
def test_a_statement_that_is_never_answered_ends(
    proxy: FreezingProxy, patient: Store, rows: int
) -> None:
    values = [{"number": number} for number in range(rows)]

    def fall_silent() -> None:
        with patient.begin() as connection:
            connection.execute(sa.text("create temporary table numbers (number int)"))
            proxy.freeze()
            connection.execute(sa.text("insert into numbers values (:number)"), values)

    begun = time.monotonic()
    with pytest.raises(StoreError, match=r"silence for 1\.5 s"):
        fall_silent()
    assert time.monotonic() - begun < 3 * SILENCE_S
    assert ask(patient) == 1


def test_all_that_froze_in_the_pool_cost_one_silence(proxy: FreezingProxy, patient: Store) -> None:
    with ExitStack() as held:
        for _ in range(8):
            held.enter_context(patient.begin())
    proxy.freeze()
    begun = time.monotonic()
    with ExitStack() as held:
        for _ in range(8):
            connection = held.enter_context(patient.begin())
            assert connection.execute(sa.text("select 1")).scalar_one() == 1
    assert time.monotonic() - begun < 3 * SILENCE_S


@pytest.mark.slow
def test_a_store_that_takes_no_connection_any_more_is_away(
    proxy: FreezingProxy, patient: Store
) -> None:
    assert ask(patient) == 1
    proxy.freeze(new_ones=True)
    with pytest.raises(StoreError, match="the store does not answer"):
        ask(patient)
    proxy.freeze()
    assert ask(patient) == 1


def test_what_takes_long_and_is_answered_is_left_alone(proxy: FreezingProxy) -> None:
    slow = open_store(proxy.url, patience=timedelta(seconds=20))
    with slow.begin() as connection:
        assert connection.execute(sa.text("select 1 from pg_sleep(1)")).scalar_one() == 1
    slow.dispose()


def test_a_server_that_can_say_so_ends_the_statement_itself(patient: Store) -> None:
    with pytest.raises(StoreError, match="statement timeout"), patient.begin() as connection:
        connection.execute(sa.text("select pg_sleep(20)"))


def test_threads_that_hang_together_are_let_go_together(
    proxy: FreezingProxy, patient: Store
) -> None:
    told: list[str] = []

    def hang() -> None:
        try:
            with patient.begin() as connection:
                ready.wait(20)
                frozen.wait(20)
                connection.execute(sa.text("select 1"))
        except StoreError as error:
            told.append(str(error))

    ready, frozen = threading.Barrier(5), threading.Event()
    threads = [threading.Thread(target=hang) for _ in range(4)]
    for thread in threads:
        thread.start()
    ready.wait(20)
    proxy.freeze()
    frozen.set()
    for thread in threads:
        thread.join(20)
    assert told == ["the store does not answer: silence for 1.5 s"] * 4


def test_what_a_silent_transaction_locked_is_let_go(
    proxy: FreezingProxy, patient: Store, store: Store
) -> None:
    lock = sa.text("select pg_advisory_xact_lock(7)")

    def fall_silent() -> None:
        with patient.begin() as connection:
            connection.execute(lock)
            proxy.freeze()
            connection.execute(sa.text("select 1"))

    with pytest.raises(StoreError, match="silence"):
        fall_silent()
    with store.begin() as connection:
        connection.execute(sa.text("set local lock_timeout = '20s'"))
        connection.execute(lock)
