"""The calls API on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from integration_monitor.ingest.calls_api import Limits
from integration_monitor.store.engine import Store
from integration_monitor_tests.ingest.calls_server import LIMIT, client, intake


@pytest.fixture
def api(store: Store) -> Iterator[httpx.Client]:
    """The API of a store without rows."""
    with client(intake(store), Limits(bytes=LIMIT, within_s=0.5)) as http:
        yield http
