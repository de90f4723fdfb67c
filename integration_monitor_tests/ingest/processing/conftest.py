"""A product to hand events on to, a time that moves when it is told to, and processors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import pytest

from integration_monitor.ingest.processing.processor import Processor
from integration_monitor.manifest.domain import Fleet, Integration
from integration_monitor.store.engine import Store
from integration_monitor_tests.ingest.processing.examples import ENVIRON, Clock
from integration_monitor_tests.ingest.processing.product import Product, product


class Work(Protocol):
    """Makes processors, which are stopped after the test."""

    def __call__(
        self, *integrations: Integration, environ: Mapping[str, str] = ENVIRON
    ) -> Processor: ...


@pytest.fixture
def shop() -> Iterator[Product]:
    """A product on loopback."""
    with product() as one:
        yield one


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def work(store: Store, clock: Clock) -> Iterator[Work]:
    """Processors that draw the longest pauses."""
    made: list[Processor] = []

    def make(*integrations: Integration, environ: Mapping[str, str] = ENVIRON) -> Processor:
        fleet = Fleet("nowhere", integrations)
        made.append(Processor(store, lambda: fleet, environ, clock=clock, drawn=lambda: 1.0))
        return made[-1]

    yield make
    for one in made:
        one.stop()
