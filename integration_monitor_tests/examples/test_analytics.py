"""The example project: its own assets and checks do their work, and the monitor sees a loss."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest

from integration_monitor.dagster_internals import disable_dagster_warnings
from integration_monitor.manifest.load import load_directory
from integration_monitor.resources import PROCESS_STORES, STORE, StoreResource
from integration_monitor.store.engine import DATABASE_URL

EXAMPLE = Path(__file__).parents[2] / "examples" / "analytics"
OWN, MONITOR = "update_analytics", "integration_monitor_every_1m"

# Dagster's own reading of a defs.yaml uses it.
pytestmark = pytest.mark.filterwarnings("ignore:`parse_obj_as` is deprecated")


@pytest.fixture
def project(tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the example as it is checked out, except that nobody waits for a late record."""
    copy = tmp_path / "analytics"
    left_behind = shutil.ignore_patterns("data", "__pycache__", ".venv", ".*_*")
    shutil.copytree(EXAMPLE, copy, ignore=left_behind)
    manifest = copy / "src/analytics/defs/monitor/integrations/shop.yaml"
    text = manifest.read_text()
    assert "grace: 30s" in text
    manifest.write_text(text.replace("grace: 30s", "grace: 0s"))
    monkeypatch.chdir(copy)
    monkeypatch.syspath_prepend(str(copy / "src"))
    for line in (copy / ".env").read_text().splitlines():
        name, found, value = line.partition("=")
        if found:
            monkeypatch.setenv(name, value)
    monkeypatch.setenv(DATABASE_URL, store_url)
    yield copy
    PROCESS_STORES.close()
    for name in [name for name in sys.modules if name.split(".")[0] == "analytics"]:
        del sys.modules[name]


@pytest.fixture
def defs(project: Path) -> dg.Definitions:
    """The definitions, as a code server loads them."""
    del project
    from analytics.definitions import defs

    with disable_dagster_warnings():
        loaded: dg.Definitions = defs()
    return loaded


def run(
    defs: dg.Definitions, job: str, instance: dg.DagsterInstance, **config: Mapping[str, Any]
) -> dict[str, bool]:
    """Run a job, `config` being that of its ops; each check's name, and whether it passed."""
    done = defs.resolve_job_def(job).execute_in_process(
        run_config={"ops": {op: {"config": values} for op, values in config.items()}},
        instance=instance,
    )
    return {each.check_name: each.passed for each in done.get_asset_check_evaluations()}


def tick(defs: dg.Definitions, instance: dg.DagsterInstance) -> str:
    """What the incident sensor says after its tick."""
    repository = defs.get_repository_def()
    context = dg.build_sensor_context(
        instance=instance, resources={STORE: StoreResource()}, repository_def=repository
    )
    sensor = repository.get_sensor_def("integration_monitor_incidents")
    return str(sensor.evaluate_tick(context).skip_message)


def test_a_lost_record_is_seen_by_the_monitor_alone(defs: dg.Definitions) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        own = {"no_order_is_free": True, "every_order_is_counted": True}
        assert run(defs, OWN, instance) == own
        checks = ("reconciliation", "freshness", "schema_drift")
        assert run(defs, MONITOR, instance) == dict.fromkeys(checks, True)
        # The bug: three orders are dropped, and the project's own checks have nothing to say.
        assert run(defs, OWN, instance, copied_orders={"lose": 3}) == own
        assert not run(defs, MONITOR, instance)["reconciliation"]
        assert "1 opened" in tick(defs, instance)
        # The bug is gone, the orders are still lost.
        assert run(defs, OWN, instance) == own
        assert not run(defs, MONITOR, instance)["reconciliation"]
        assert run(defs, OWN, instance, copied_orders={"everything": True}) == own
        assert run(defs, MONITOR, instance)["reconciliation"]


def test_its_own_checks_open_incidents_too(defs: dg.Definitions) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run(defs, OWN, instance)
        assert "opened" not in tick(defs, instance)
        # An order without a price.
        from analytics.databases import ORDERS, Database

        with Database(url="sqlite:///data/shop.db").begin(ORDERS) as connection:
            connection.execute(ORDERS.insert().values(cents=0, updated_at="2999-01-01T00:00:00"))
        assert not run(defs, OWN, instance)["no_order_is_free"]
        assert "1 opened" in tick(defs, instance)


@pytest.mark.slow
def test_dev_runs_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{EXAMPLE.parents[1]}{os.pathsep}{project / 'src'}")
    monkeypatch.delenv(DATABASE_URL)
    program = [sys.executable, "-m", "integration_monitor", "dev"]
    with subprocess.Popen(
        [*program, "--port", "0", "--module", "analytics.definitions"],
        stderr=subprocess.PIPE,
        text=True,
    ) as dev:
        assert dev.stderr is not None
        # It says so when Dagster answers; at the end of the output it failed.
        said = next((line for line in dev.stderr if line.startswith("watching")), "")
        try:
            url = said.split()[2]
            query = "{assetNodes{assetKey{path}}}"
            answer = httpx.post(f"{url}/graphql", json={"query": query}, trust_env=False).json()
        finally:
            dev.send_signal(signal.SIGINT)
            dev.stderr.read()
    assert said.startswith("watching analytics.definitions: http://")
    keys = {"/".join(node["assetKey"]["path"]) for node in answer["data"]["assetNodes"]}
    assert keys >= {"copied_orders", "daily_revenue", "shop/orders_source"}


def test_its_manifests_have_no_mistake() -> None:
    fleet = load_directory(EXAMPLE / "src/analytics/defs/monitor/integrations")
    assert (fleet.errors, fleet.warnings) == ((), ())
