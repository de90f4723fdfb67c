"""What a reconciliation costs beside the floor: fetching key and version of the same rows.

Both sides are tables on the embedded PostgreSQL; every record changed within the window and all
but 10 have arrived. Prints a markdown row a size; `make bench` runs it.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg

from integration_monitor.manifest.domain import Integration
from integration_monitor.manifest.load import load_texts
from integration_monitor.measure import measure_integration
from integration_monitor.store.embedded import EmbeddedPostgres, temporary_postgres
from integration_monitor.store.engine import open_store
from integration_monitor.store.migrate import upgrade

SIZES = (10_000, 100_000, 300_000)
LOST = 10
REPEATS = 3
_TABLE = """
create table {name} (id bigint primary key, updated_at timestamptz not null);
insert into {name} select n, now() - interval '50 min' + n * interval '1 ms' * {step}
from generate_series(1, {rows}) n where {condition};
create index on {name} (updated_at);
analyze {name};
"""
_MANIFEST = """
version: 1
integration: bench
owner: {name: Owner, email: owner@example.com}
deadline: 10m
syncs:
  records:
    every: 1h
    requests: 100000
    source: {sql: {url: {env: SIDE_URL}, table: source}, key: id, updated_at: updated_at}
    destination: {sql: {url: {env: SIDE_URL}, table: destination}, key: id, updated_at: updated_at}
"""


def main() -> None:
    """Measure every size and print the table."""
    (integration,) = load_texts({"bench.yaml": _MANIFEST}).integrations
    print("| records a side | floor s | reconcile s | ratio | peak MB |")
    print("|---|---|---|---|---|")
    with temporary_postgres() as server:
        for rows in SIZES:
            url = _sides(server, rows)
            floor = _best(lambda url=url: _floor(url))  # type: ignore[misc]
            cost = _best(lambda url=url, rows=rows: _reconcile(server, integration, url, rows))  # type: ignore[misc]
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            row = f"| {rows:,} | {floor:.2f} | {cost:.2f} | {cost / floor:.1f} | {peak:.0f} |"
            print(row, flush=True)


def _best(run: Callable[[], float]) -> float:
    return min(run() for _ in range(REPEATS))


def _sides(server: EmbeddedPostgres, rows: int) -> str:
    url = server.create_database(f"sides_{rows}")
    step = f"{timedelta(minutes=45) / timedelta(milliseconds=1) / rows:.6f}"
    with psycopg.connect(url) as connection:
        for name, condition in (("source", "true"), ("destination", f"n > {LOST}")):
            connection.execute(_TABLE.format(name=name, step=step, rows=rows, condition=condition))
    return url


def _floor(url: str) -> float:
    started = time.perf_counter()
    with psycopg.connect(url) as connection:
        for table in ("source", "destination"):
            with connection.cursor(name=table) as cursor:
                cursor.itersize = 1000
                cursor.execute(f"select id::text, updated_at from {table} order by updated_at")
                for _ in cursor:
                    pass
    return time.perf_counter() - started


def _reconcile(server: EmbeddedPostgres, integration: Integration, url: str, rows: int) -> float:
    name = f"store_{rows}"
    server.drop_database(name)
    store = open_store(server.create_database(name))
    upgrade(store)
    started = time.perf_counter()
    (measured,) = measure_integration(integration, store=store, environ={"SIDE_URL": url})
    took = time.perf_counter() - started
    store.dispose()
    pending = measured.verdicts[0].evidence["pending"]
    if pending != LOST:
        raise SystemExit(f"{pending:g} records owed instead of {LOST}: {measured.verdicts[0]}")
    return took


if __name__ == "__main__":
    main()
