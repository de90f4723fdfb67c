"""The public names, and what importing them costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import integration_monitor

LATE = ("pandas", "httpx", "apprise", "alembic", "fastapi", "integration_monitor.measure")


def test_the_public_names() -> None:
    assert integration_monitor.__all__ == [
        "AssetData",
        "CheckData",
        "IntegrationMonitorTranslator",
        "StoreResource",
        "build_integration_monitor_defs",
    ]
    for name in integration_monitor.__all__:
        assert getattr(integration_monitor, name).__name__ == name


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = integration_monitor.nothing


def loaded_by(module: str) -> set[str]:
    """The modules in a fresh process that imported one."""
    code = f"import sys, {module}; print(*sys.modules)"
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return set(done.stdout.split())


def test_a_code_location_loads_without_what_only_runs_need() -> None:
    assert not loaded_by("integration_monitor.definitions") & {*LATE}


def test_the_manifest_is_read_without_dagster() -> None:
    assert "dagster" not in loaded_by("integration_monitor.manifest.load")
