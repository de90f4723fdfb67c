"""A product to hand events on to, and a time that moves when it is told to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration_monitor_tests.ingest.processing.examples import Clock
from integration_monitor_tests.ingest.processing.product import Product, product


@pytest.fixture
def shop() -> Iterator[Product]:
    """A product on loopback."""
    with product() as one:
        yield one


@pytest.fixture
def clock() -> Clock:
    return Clock()
