"""Readiness is said in time, however long the store takes."""

from __future__ import annotations

import asyncio
import threading

import pytest

from integration_monitor.ingest.readiness import Readiness
from integration_monitor.store.engine import StoreError


class Store:
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.let_go = threading.Event()

    def check(self) -> None:
        self.asked += 1
        assert self.let_go.wait(20)


def test_a_store_that_hangs_is_asked_once_and_is_ready_when_it_answers() -> None:
    async def story() -> None:
        store = Store()
        readiness = Readiness(store.check, within_s=0.05)
        for _ in range(2):
            asked = [readiness.require() for _ in range(20)]
            found = await asyncio.gather(*asked, return_exceptions=True)
            assert {str(one) for one in found} == {"the store has not answered for 0.05 s"}
        assert store.asked == 1
        patient = Readiness(store.check)
        waiting = [asyncio.create_task(patient.require()) for _ in range(20)]
        await asyncio.sleep(0)
        store.let_go.set()
        await asyncio.gather(*waiting)
        assert store.asked == 2
        await patient.require()
        assert store.asked == 3

    asyncio.run(story())


def test_what_is_wrong_is_told_to_all_who_wait() -> None:
    def check() -> None:
        raise StoreError("away")

    async def story() -> None:
        readiness = Readiness(check)
        found = await asyncio.gather(
            *(readiness.require() for _ in range(3)), return_exceptions=True
        )
        assert [str(one) for one in found] == ["away"] * 3
        with pytest.raises(StoreError, match="away"):
            await readiness.require()

    asyncio.run(story())
