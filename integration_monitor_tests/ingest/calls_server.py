"""The calls API on a real server, and a client that knows its token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from integration_monitor.ingest.bearer import BearerGuard
from integration_monitor.ingest.call_intake import CallIntake
from integration_monitor.ingest.calls_api import Limits, TakeCalls, calls_router
from integration_monitor.ingest.server import create_app
from integration_monitor.store.engine import Store
from integration_monitor_tests.ingest.app_server import serving
from integration_monitor_tests.ingest.calls_examples import NOW, fleet

TOKEN = "the-token"
LIMIT = 64 * 1024
"""Bytes of a body."""


@contextmanager
def client(take: TakeCalls, limits: Limits) -> Iterator[httpx.Client]:
    """A client that knows the token, and the server of a way to take calls."""
    router = calls_router(take, guard=BearerGuard(TOKEN, variable="TOKEN"), limits=limits)
    with (
        serving(create_app(routers=[router], check_store=lambda: None)) as url,
        httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
        ) as http,
    ):
        yield http


def intake(store: Store) -> TakeCalls:
    """The examples' fleet, at the examples' time."""
    known = fleet()
    return CallIntake(lambda: known, store, clock=lambda: NOW).take
