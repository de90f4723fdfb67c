"""The code location in processes of its own, as Dagster runs it."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from dagster._cli.job import _create_run
from dagster._cli.workspace.cli_target import get_workspace_from_cli_opts
from dagster._core.workspace.context import WorkspaceRequestContext
from dagster_shared.cli import WorkspaceOpts

from integration_monitor.definitions import NoManifests, defs
from integration_monitor.store.engine import DATABASE_URL, Store
from integration_monitor.store.verdicts import latest

JOB = "integration_monitor_every_15m"
MANIFEST = """\
version: 1
integration: {name}
owner: {{name: CRM, email: crm@example.com}}
syncs:
  contacts:
    every: 15m
    source:
      sql: {{url: {{env: PRODUCT_URL}}, table: product}}
      key: id
      updated_at: updated_at
    destination:
      sql: {{url: {{env: PRODUCT_URL}}, table: warehouse}}
      key: id
      updated_at: updated_at
"""
TABLES = """\
create table product (id int primary key, updated_at timestamptz not null);
create table warehouse (id int primary key, updated_at timestamptz not null);
insert into product values (1, now() - interval '1 hour');
insert into warehouse select * from product;
"""
PROJECT = """\
import dagster as dg
from integration_monitor import build_integration_monitor_defs

@dg.asset
def report() -> None: ...

defs = dg.Definitions.merge(
    dg.Definitions(assets=[report], executor=dg.multiprocess_executor),
    build_integration_monitor_defs(manifests="integrations"),
)
"""
COMPONENT = {
    "pyproject.toml": """\
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "of_components"
""",
    "of_components/__init__.py": "",
    "of_components/defs/monitor/defs.yaml": """\
type: integration_monitor.IntegrationMonitorComponent
attributes: {manifests: ../../../integrations}
""",
    "of_components/definitions.py": """\
from pathlib import Path
import dagster as dg

@dg.definitions
def defs():
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
""",
}


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Dagster leaves the Popen objects of its servers behind; the warning is not ours."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def directory(
    tmp_path: Path, database_url: str, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A project with two manifests over one database, and its environment."""
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        connection.execute(TABLES)
    manifests = tmp_path / "integrations"
    manifests.mkdir()
    for name in ("hubspot", "stripe"):
        (manifests / f"{name}.yaml").write_text(MANIFEST.format(name=name))
    (tmp_path / "project.py").write_text(PROJECT)
    in_processes = 'manifests="integrations", executor=dg.multiprocess_executor'
    (tmp_path / "scaled.py").write_text(PROJECT.replace('manifests="integrations"', in_processes))
    for file, text in COMPONENT.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("PRODUCT_URL", database_url)
    monkeypatch.setenv(DATABASE_URL, store_url)
    monkeypatch.setenv("INTEGRATION_MONITOR_MANIFESTS", "integrations")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).parent.parent}{os.pathsep}{tmp_path}")
    monkeypatch.chdir(tmp_path)
    return manifests


@contextmanager
def loaded(opts: WorkspaceOpts) -> Iterator[tuple[dg.DagsterInstance, WorkspaceRequestContext]]:
    """A code server that has loaded the code location."""
    with (
        dg.DagsterInstance.get() as instance,
        get_workspace_from_cli_opts(instance, "test", opts) as workspace,
    ):
        yield instance, workspace


def launch(instance: dg.DagsterInstance, workspace: WorkspaceRequestContext) -> dg.DagsterRun:
    """Run the job in a process of its own, as the daemon does it for a schedule."""
    (location,) = workspace.code_locations
    (repository,) = location.get_repositories().values()
    job = repository.get_full_job(JOB)
    run = _create_run(instance, location, repository, job, {}, {}, None, None)
    instance.launch_run(run.run_id, workspace)
    for _ in range(900):
        found = instance.get_run_by_id(run.run_id)
        if found is not None and found.is_finished:
            return found
        time.sleep(0.1)
    raise TimeoutError(run.run_id)


@pytest.mark.parametrize(
    "opts",
    [
        WorkspaceOpts(module_name=("integration_monitor.definitions",)),
        pytest.param(WorkspaceOpts(python_file=("project.py",)), marks=pytest.mark.slow),
        pytest.param(
            WorkspaceOpts(module_name=("of_components.definitions",)), marks=pytest.mark.slow
        ),
        pytest.param(WorkspaceOpts(python_file=("scaled.py",)), marks=pytest.mark.slow),
    ],
    ids=["own code location", "merged into a project", "a component", "a process for each step"],
)
def test_a_run_measures_what_was_loaded_whatever_the_files_say_now(
    directory: Path, store: Store, opts: WorkspaceOpts
) -> None:
    with loaded(opts) as (instance, workspace):
        (directory / "hubspot.yaml").write_text("version: [")
        (directory / "stripe.yaml").unlink()
        run = launch(instance, workspace)
        assert run.status is dg.DagsterRunStatus.SUCCESS
    with store.begin() as connection:
        verdicts = latest(connection)
    assert {(each.integration, each.signal): each.status for each in verdicts} == {
        ("hubspot", "reconciliation"): "ok",
        ("hubspot", "freshness"): "ok",
        ("hubspot", "source_schema_drift"): "ok",
        ("hubspot", "destination_schema_drift"): "ok",
        ("stripe", "reconciliation"): "ok",
        ("stripe", "freshness"): "ok",
        ("stripe", "source_schema_drift"): "ok",
        ("stripe", "destination_schema_drift"): "ok",
    }


@pytest.mark.parametrize(
    "selection",
    ["hubspot/contacts_destination", pytest.param("key:hubspot/*", marks=pytest.mark.slow)],
)
def test_the_command_line_takes_a_selection(directory: Path, store: Store, selection: str) -> None:
    del directory
    command = [sys.executable, "-W", "ignore", "-m", "dagster", "asset", "materialize"]
    subprocess.run(
        [*command, "-m", "integration_monitor.definitions", "--select", selection],
        check=True,
        capture_output=True,
        timeout=60,
    )
    with store.begin() as connection:
        verdicts = latest(connection)
    assert {each.integration for each in verdicts} == {"hubspot"}


def test_without_a_directory_one_line_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INTEGRATION_MONITOR_MANIFESTS", raising=False)
    with pytest.raises(NoManifests, match="run `integration-monitor dev DIR`"):
        defs()


def test_dagsters_commands_say_it_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INTEGRATION_MONITOR_MANIFESTS", raising=False)
    command = [sys.executable, "-W", "ignore", "-m", "dagster", "asset", "list"]
    done = subprocess.run(
        [*command, "-m", "integration_monitor.definitions"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert done.stderr.startswith("Error: INTEGRATION_MONITOR_MANIFESTS is not set")
    assert len(done.stderr.splitlines()) == 1
