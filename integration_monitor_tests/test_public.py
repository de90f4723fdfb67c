"""The public names, and what importing them costs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import integration_monitor

LATE = ("pandas", "httpx", "apprise", "alembic", "fastapi", "integration_monitor.measure")


def test_the_public_names() -> None:
    assert integration_monitor.__all__ == [
        "AssetData",
        "AsyncMonitoredTransport",
        "CheckData",
        "IntegrationMonitorComponent",
        "IntegrationMonitorTranslator",
        "MonitoredTransport",
        "StoreResource",
        "build_asset_check_alerts",
        "build_integration_monitor_defs",
        "tenant",
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


def test_calls_are_watched_without_dagster() -> None:
    assert "dagster" not in loaded_by("integration_monitor.ingest.transport")


PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
WITHOUT_EXTRAS = """
import sys
sys.modules.update(dict.fromkeys({modules!r}))
from integration_monitor.cli import main
sys.argv[1:] = {arguments!r}
main()
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["validate", "{directory}"], "no manifest in"),
        (["check", "--manifests", "{directory}"], "no manifest in"),
        (["db", "status"], "INTEGRATION_MONITOR_DATABASE_URL is not set"),
        (["incidents"], "INTEGRATION_MONITOR_DATABASE_URL is not set"),
        (["demo", "--headless"], "pip install 'integration-monitor[embedded]'"),
        (["serve"], "pip install 'integration-monitor[server]'"),
        (["dev", "{directory}", "--port", "0"], "pip install 'integration-monitor[embedded]'"),
    ],
)
def test_commands_without_the_extra_for_embedded_servers(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    extras = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    modules = [re.split("[>=]", name)[0].replace("-", "_") for name in extras["embedded"]]
    given = [argument.format(directory=tmp_path) for argument in arguments]
    code = WITHOUT_EXTRAS.format(modules=modules, arguments=given)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr
