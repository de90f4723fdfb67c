"""Three lines add the monitor to a project that has everything of its own already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from integration_monitor import build_integration_monitor_defs
from integration_monitor.resources import PROCESS_STORES, STORE, StoreResource

MANIFEST = """\
version: 1
integration: crm
owner: {name: CRM, email: crm@example.com}
syncs:
  contacts:
    every: 15m
    source: {sql: {url: {env: PRODUCT_URL}, table: product}, key: id, updated_at: updated_at}
    destination: {sql: {url: {env: PRODUCT_URL}, table: warehouse}, key: id, updated_at: updated_at}
"""
TABLES = """\
create table product (id int primary key, updated_at timestamptz not null);
create table warehouse (id int primary key, updated_at timestamptz not null);
insert into product values (1, now() - interval '1 hour');
insert into warehouse select * from product;
"""


class Greeting(dg.ConfigurableResource[None]):
    """A resource of the project."""

    text: str


@dg.asset
def report(greeting: Greeting) -> dg.MaterializeResult[None]:
    """An asset of the project."""
    return dg.MaterializeResult(metadata={"text": greeting.text})


@dg.asset_check(asset=report)
def report_is_written(greeting: Greeting) -> dg.AssetCheckResult:
    """A check of the project."""
    return dg.AssetCheckResult(passed=greeting.text == "hello")


OWN = dg.Definitions(
    assets=[report],
    asset_checks=[report_is_written],
    jobs=[dg.define_asset_job("own", dg.AssetSelection.assets("report"))],
    resources={"greeting": Greeting(text="hello")},
    executor=dg.multiprocess_executor,
)


@pytest.fixture
def merged(
    tmp_path: Path, database_url: str, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.Definitions]:
    """The project with the monitor."""
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        connection.execute(TABLES)
    (tmp_path / "crm.yaml").write_text(MANIFEST)
    monkeypatch.setenv("PRODUCT_URL", database_url)
    store = StoreResource(url=store_url)
    yield dg.Definitions.merge(OWN, build_integration_monitor_defs(manifests=tmp_path, store=store))
    PROCESS_STORES.close()


def checked(defs: dg.Definitions, job: str) -> dict[str, bool]:
    """The checks that a job evaluates, and whether they passed."""
    with dg.DagsterInstance.ephemeral() as instance:
        done = defs.resolve_job_def(job).execute_in_process(instance=instance)
    return {each.check_name: each.passed for each in done.get_asset_check_evaluations()}


def test_both_do_their_work(merged: dg.Definitions) -> None:
    assert checked(merged, "own") == {"report_is_written": True}
    assert checked(merged, "integration_monitor_every_15m") == {
        "reconciliation": True,
        "freshness": True,
        "schema_drift": True,
    }


def test_each_keeps_its_executor_and_resources(merged: dg.Definitions) -> None:
    assert merged.resolve_job_def("own").executor_def is dg.multiprocess_executor
    monitor = merged.resolve_job_def("integration_monitor_every_15m")
    assert monitor.executor_def is dg.in_process_executor
    assert set(merged.resources or {}) == {"greeting", STORE}
