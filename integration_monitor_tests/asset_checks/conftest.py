"""Instances of Dagster on every storage, and a store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from integration_monitor.asset_check_alerts import build_asset_check_alerts
from integration_monitor.resources import StoreResource
from integration_monitor_tests.asset_checks.project import (
    MONITOR,
    Ticks,
    ephemeral,
    postgres_storage,
    sqlite,
)
from integration_monitor_tests.plugin import store_resource


@pytest.fixture(params=[sqlite, postgres_storage, ephemeral], ids=lambda given: given.__name__)
def instance(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: str
) -> Iterator[dg.DagsterInstance]:
    """An instance of Dagster on each storage."""
    with request.param(tmp_path, database_url) as opened:
        yield opened


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance that is made in no time, where the storage makes no difference."""
    with ephemeral(tmp_path, "") as opened:
        yield opened


@pytest.fixture
def resource(store_url: str) -> Iterator[StoreResource]:
    """The resource on a real, empty store."""
    with store_resource(store_url) as opened:
        yield opened


@pytest.fixture
def monitor(tmp_path: Path) -> Path:
    """A monitor.yaml of which no channel can be reached: alerts stay in the outbox."""
    file = tmp_path / "monitor.yaml"
    file.write_text(MONITOR)
    return file


@pytest.fixture
def ticks(fast: dg.DagsterInstance, resource: StoreResource, monitor: Path) -> Ticks:
    """All checks of a project are followed."""
    return Ticks(fast, resource, build_asset_check_alerts(monitor=monitor))
