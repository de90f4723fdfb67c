"""Running an example of a partner for the time of a test."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from integration_monitor.store.engine import Store
from integration_monitor_tests.integrations.case import Case, Example

Run = Callable[[Example], Case]
"""`Example.running` until the test ends."""


@pytest.fixture
def run(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    resolve = socket.getaddrinfo

    def resolve_here(host: Any, *given: Any, **more: Any) -> Any:
        """Hosts of Shopify are this machine; no other name is looked up."""
        here = "127.0.0.1" if str(host).endswith(".myshopify.com") else host
        return resolve(here, *given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_here)
    with ExitStack() as stack:
        yield lambda example: stack.enter_context(example.running(store, database_url))
