"""What processing says of a store that is away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration_monitor.ingest.processing import processor as processing
from integration_monitor.ingest.processing.processor import Processed, Processor
from integration_monitor.manifest.domain import Fleet
from integration_monitor.store.engine import Store, StoreError

AWAY = "webhooks are not processed, and tried again until they are: "
BACK = "webhooks are processed again"


def test_it_is_told_once_that_the_store_is_away_and_once_that_it_is_back(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "STORE_AWAY_S", 0)
    monkeypatch.setattr(processing, "IDLE_S", 0)
    away, well = StoreError("the store does not answer"), Fleet("nowhere")
    steps: Iterator[Fleet | Exception] = iter(
        [well, away, away, away, KeyError("x"), KeyError("y"), well, well, away, well]
    )
    left = 10

    def fleet() -> Fleet:
        step = next(steps)
        if isinstance(step, Exception):
            raise step
        return step

    def report(_: Processed) -> None:
        nonlocal left
        left -= 1
        if not left:
            worker.stop()

    worker = Processor(store, fleet, {})
    worker.run(report)
    assert [record.message for record in caplog.records] == [
        f"{AWAY}the store does not answer",
        f"{AWAY}our own mistake: KeyError",
        BACK,
        f"{AWAY}the store does not answer",
        BACK,
    ]
    assert [record.exc_info is not None for record in caplog.records][:2] == [False, True]
