"""The store resource says why there is no store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from integration_monitor.resources import StoreResource
from integration_monitor.store.engine import DATABASE_URL, Store, StoreError
from integration_monitor_tests.plugin import store_resource


def test_a_process_opens_one_store(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATABASE_URL, store_url)
    together = Barrier(4, timeout=10)

    def opened(_: int) -> Store:
        together.wait()
        return StoreResource().open()

    with store_resource(store_url) as resource, ThreadPoolExecutor(4) as pool:
        assert {*pool.map(opened, range(4))} == {resource.open()}


def test_no_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATABASE_URL, raising=False)
    with pytest.raises(StoreError, match="INTEGRATION_MONITOR_DATABASE_URL is not set"):
        StoreResource().open()


def test_a_database_without_the_schema(database_url: str) -> None:
    with (
        store_resource(database_url) as resource,
        pytest.raises(StoreError, match="integration-monitor db upgrade"),
    ):
        resource.open()


def test_a_server_that_is_away() -> None:
    with pytest.raises(StoreError, match="does not answer"):
        StoreResource(url="postgresql://nobody:hunter2@127.0.0.1:9/none").open()
