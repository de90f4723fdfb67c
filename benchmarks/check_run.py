"""What a run of checks costs, beside the same checks returning a constant.

Each integration copies one table into another of the embedded PostgreSQL, which also holds the
store; Dagster's instance is SQLite. The peer is a bare Dagster job with the same ops, assets and
checks, which yields what a run of ours yielded: the same metadata, and nothing is measured.
"""

# No postponed annotations here: Dagster compares that of `context` with its own classes.

import os
import time
from collections.abc import Iterator, Mapping
from functools import partial

import dagster as dg
import psycopg

from benchmarks.measuring import in_child, median, options, rounds, show
from integration_monitor.assets import OpResult
from integration_monitor.builder import build_integration_monitor_defs
from integration_monitor.dagster_internals import AssetObservationData, disable_dagster_warnings
from integration_monitor.manifest.load import load_texts
from integration_monitor.resources import StoreResource
from integration_monitor.store.embedded import temporary_postgres
from integration_monitor.store.engine import open_store
from integration_monitor.store.migrate import upgrade

AT_MOST = 1.3
SIDES, STORE = "SIDES_URL", "STORE_URL"
ROWS = 10
_JOB = "integration_monitor_every_15m"
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_TABLES = """
create table source (id bigint primary key, updated_at timestamptz not null);
insert into source select n, now() - interval '5 min' from generate_series(1, {rows}) n;
create table destination as table source;
alter table destination add primary key (id);
create index on source (updated_at);
create index on destination (updated_at);
analyze;
"""
_MANIFEST = """
version: 1
integration: {name}
owner: {{name: Owner, email: owner@example.com}}
syncs:
  records:
    every: 15m
    source:
      sql: {{url: {{env: {url}}}, table: source}}
      key: id
      updated_at: updated_at
    destination:
      sql: {{url: {{env: {url}}}, table: destination}}
      key: id
      updated_at: updated_at
    lag: {{warn: 15m, fail: 1h}}
"""


def main() -> None:
    """Run both in turns, and print the medians."""
    chosen = options(__doc__, integrations=100, repeats=3)
    with temporary_postgres() as server:
        environ = {SIDES: server.create_database("sides"), STORE: server.create_database("store")}
        with psycopg.connect(environ[SIDES]) as connection:
            connection.execute(_TABLES.format(rows=ROWS))
        store = open_store(environ[STORE])
        upgrade(store)
        store.dispose()
        # The first run reads the day before; the figure is that of the runs after it.
        in_child(run_ours, chosen.integrations, environ)
        ours, constant = rounds(
            chosen.repeats,
            partial(in_child, run_ours, chosen.integrations, environ),
            partial(in_child, run_constant, chosen.integrations, environ),
        )
    row = {
        "integrations": chosen.integrations,
        "checks": int(ours[0].figures["checks"]),
        "constant s": median(constant, "run"),
        "ours s": median(ours, "run"),
        "ratio": median(ours, "run") / median(constant, "run"),
        "at most": AT_MOST,
        "ratio of processor time": median(ours, "processor") / median(constant, "processor"),
    }
    show([row], as_json=chosen.json)


def run_ours(count: int, environ: Mapping[str, str]) -> Mapping[str, float]:
    """One run of all integrations, measured for real, in a process like a run's own."""
    job = _our_job(count, environ)
    with dg.DagsterInstance.local_temp() as instance:
        return _run(job, instance)


def run_constant(count: int, environ: Mapping[str, str]) -> Mapping[str, float]:
    """One run of as many checks that return what the first integration's said."""
    instance = dg.DagsterInstance.ephemeral()
    measured = _our_job(1, environ).execute_in_process(instance=instance, run_config=_QUIET)
    with disable_dagster_warnings():
        assets = [_constant(_name(number), measured) for number in range(count)]
    everything = dg.AssetSelection.assets(*assets)
    job = dg.define_asset_job(_JOB, everything, executor_def=dg.in_process_executor)
    with dg.DagsterInstance.local_temp() as instance:
        return _run(dg.Definitions(assets=assets, jobs=[job]).resolve_job_def(_JOB), instance)


def _our_job(count: int, environ: Mapping[str, str]) -> dg.JobDefinition:
    os.environ.update(environ)
    texts = {f"{_name(n)}.yaml": _MANIFEST.format(name=_name(n), url=SIDES) for n in range(count)}
    defs = build_integration_monitor_defs(
        manifests=load_texts(texts), store=StoreResource(url=environ[STORE])
    )
    return defs.resolve_job_def(_JOB)


def _constant(name: str, measured: dg.ExecuteInProcessResult) -> dg.AssetsDefinition:
    def key(of: dg.AssetKey) -> dg.AssetKey:
        return dg.AssetKey([name, *of.path[1:]])

    data = [event.event_specific_data for event in measured.all_events]
    observed = [each.asset_observation for each in data if isinstance(each, AssetObservationData)]
    checked = measured.get_asset_check_evaluations()

    def constant(_context: dg.AssetExecutionContext) -> Iterator[OpResult]:
        for seen in observed:
            yield dg.ObserveResult(asset_key=key(seen.asset_key), metadata=seen.metadata)
        for found in checked:
            yield dg.AssetCheckResult(
                asset_key=key(found.asset_key),
                check_name=found.check_name,
                passed=found.passed,
                severity=found.severity,
                description=found.description,
                metadata=found.metadata,
            )

    definition: dg.AssetsDefinition = dg.multi_observable_source_asset(
        name=name,
        specs=[dg.AssetSpec(key(seen.asset_key)) for seen in observed],
        check_specs=[dg.AssetCheckSpec(c.check_name, asset=key(c.asset_key)) for c in checked],
        can_subset=True,
    )(constant)
    return definition


def _run(job: dg.JobDefinition, instance: dg.DagsterInstance) -> Mapping[str, float]:
    started, busy = time.perf_counter(), time.process_time()
    result = job.execute_in_process(instance=instance, run_config=_QUIET)
    took = {"run": time.perf_counter() - started, "processor": time.process_time() - busy}
    checks = result.get_asset_check_evaluations()
    if not checks or not all(check.passed for check in checks):
        raise SystemExit(f"not every check passed: {checks}")
    return {**took, "checks": len(checks)}


def _name(number: int) -> str:
    return f"partner_{number:03}"


if __name__ == "__main__":
    main()
