"""The component with the `dg` command: found, scaffolded, checked."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from dagster.components.core.package_entry import discover_package_objects
from dagster_shared.serdes.objects import EnvRegistryKey

from integration_monitor import IntegrationMonitorComponent
from integration_monitor_tests.test_component import TEMPLATES

# Dagster's own reading of a defs.yaml uses it.
pytestmark = pytest.mark.filterwarnings("ignore:`parse_obj_as` is deprecated")

REPOSITORY = Path(__file__).parents[1]
ENTRY_POINTS = "dagster_dg_cli.registry_modules"


def test_it_is_found_where_dg_looks() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    modules = list(project["entry-points"][ENTRY_POINTS].values())
    assert discover_package_objects(modules) == {
        EnvRegistryKey("integration_monitor", "IntegrationMonitorComponent"): (
            IntegrationMonitorComponent
        )
    }


PROJECT = {
    "pyproject.toml": """\
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "fresh"
""",
    "fresh/__init__.py": "",
    "fresh/defs/__init__.py": "",
    "fresh/definitions.py": """\
from pathlib import Path
import dagster as dg

@dg.definitions
def defs():
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
""",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without components, in an environment where this package's entry point is seen."""
    for file, text in PROJECT.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    # The environment's own installation may be older than the checkout.
    about = tmp_path / "integration_monitor-0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: integration-monitor\nVersion: 0")
    (about / "entry_points.txt").write_text(
        f"[{ENTRY_POINTS}]\nintegration_monitor = integration_monitor\n"
    )
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{REPOSITORY}")
    return tmp_path


def dg_command(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `dg` says."""
    code = "from dagster_dg_cli.cli import main; main()"
    command: Sequence[str] = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=100)


@pytest.mark.slow
def test_with_dg_from_scaffolding_to_loading(project: Path) -> None:
    name = "integration_monitor.IntegrationMonitorComponent"
    assert name in dg_command(project, "list", "components", "--json").stdout
    scaffolded = dg_command(project, "scaffold", "defs", name, "my_monitor")
    assert scaffolded.returncode == 0, scaffolded.stderr
    assert dg_command(project, "check", "yaml").returncode == 0
    listed = dg_command(project, "list", "defs", "--json")
    assert listed.returncode == 0, listed.stderr
    assert "shop/orders_destination" in listed.stdout


@pytest.mark.slow
def test_dg_check_yaml_takes_templates(project: Path) -> None:
    folder = project / "fresh" / "defs" / "my_monitor"
    folder.mkdir()
    (folder / "defs.yaml").write_text(TEMPLATES)
    checked = dg_command(project, "check", "yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "typo",
    [
        "manifets: integrations",
        "schedules: runing",
        "sensor_interval_s: fast",
        "sensor_interval_s: 0",
        "extra_check_severities: {eror: page}",
        "extra_check_severities: {error: pager}",
    ],
)
def test_dg_check_yaml_tells_file_and_line(project: Path, typo: str) -> None:
    folder = project / "fresh" / "defs" / "my_monitor"
    folder.mkdir()
    (folder / "defs.yaml").write_text(
        f"type: integration_monitor.IntegrationMonitorComponent\nattributes:\n  {typo}\n"
    )
    checked = dg_command(project, "check", "yaml")
    assert checked.returncode == 1
    assert f"{folder / 'defs.yaml'}:3" in checked.stdout + checked.stderr
