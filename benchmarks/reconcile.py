"""What reconciling changed records costs, beside counting them, fetching them, and pandas.

Both sides are tables on the embedded PostgreSQL; every record changed within the last hour and
all but 10 have arrived. We read the source, look every record up, judge and store; the peers run
`select count(*)` on both sides, fetch key and version of both, or read both with pandas and merge.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

import psycopg

from benchmarks.measuring import Cost, Row, in_child, median, options, peak_mb, rounds, show
from integration_monitor.store.embedded import EmbeddedPostgres, temporary_postgres

AT_MOST_MB = 300
LOST = 10
_TABLE = """
create table {name} (id bigint primary key, updated_at timestamptz not null);
insert into {name} select n, now() - interval '50 min' + n * interval '45 min' / {records}
from generate_series(1, {records}) n where {condition};
create index on {name} (updated_at);
analyze {name};
"""
_MANIFEST = """
version: 1
integration: bench
owner: {name: Owner, email: owner@example.com}
deadline: 30m
syncs:
  records:
    every: 1h
    requests: 1000000
    source: {sql: {url: {env: SIDES_URL}, table: source}, key: id, updated_at: updated_at}
    destination: {sql: {url: {env: SIDES_URL}, table: destination}, key: id, updated_at: updated_at}
"""


def main() -> None:
    """Run all in turns, and print the medians and the highest peaks."""
    chosen = options(__doc__, records=1_000_000, repeats=3)
    with temporary_postgres() as server:
        sides = server.create_database("sides")
        _fill(sides, chosen.records)
        works: dict[str, Callable[[], Cost]] = {
            "select count(*)": partial(in_child, count, sides),
            "fetch key and version": partial(in_child, fetch, sides),
            "pandas merge": partial(in_child, merge, sides),
            "reconcile": partial(_in_new_store, server, sides),
        }
        costs = dict(zip(works, rounds(chosen.repeats, *works.values()), strict=True))
    ours = median(costs["reconcile"], "took")
    rows: list[Row] = [
        {
            "records a side": chosen.records,
            "what": name,
            "s": median(found, "took"),
            "ours takes times": ours / median(found, "took"),
            "peak MB": round(peak_mb(found)),
            "at most MB": AT_MOST_MB if name == "reconcile" else "",
        }
        for name, found in costs.items()
    ]
    show(rows, as_json=chosen.json)


def count(sides: str) -> Mapping[str, float]:
    """The floor: how many rows both sides hold."""
    started = time.perf_counter()
    with psycopg.connect(sides) as connection:
        for table in ("source", "destination"):
            connection.execute(f"select count(*) from {table}").fetchone()
    return {"took": time.perf_counter() - started}


def fetch(sides: str) -> Mapping[str, float]:
    """Key and version of all rows of both sides into Python, through server-side cursors."""
    started = time.perf_counter()
    with psycopg.connect(sides) as connection:
        for table in ("source", "destination"):
            with connection.cursor(name=table) as cursor:
                cursor.itersize = 1000
                cursor.execute(f"select id::text, updated_at from {table} order by updated_at")
                for _ in cursor:
                    pass
    return {"took": time.perf_counter() - started}


def merge(sides: str) -> Mapping[str, float]:
    """Both sides as pandas frames, merged by key; what the source has and the destination not."""
    import pandas as pd
    import sqlalchemy as sa

    engine = sa.create_engine(sides.replace("postgresql://", "postgresql+psycopg://", 1))
    started = time.perf_counter()
    with engine.connect() as connection:
        source, destination = (
            pd.read_sql(sa.text(f"select id, updated_at from {table}"), connection)
            for table in ("source", "destination")
        )
    both = source.merge(destination, on="id", how="outer", indicator=True)
    behind = both["updated_at_x"] > both["updated_at_y"]
    owed = ((both["_merge"] == "left_only") | behind).sum()
    took = time.perf_counter() - started
    _check(owed)
    return {"took": took}


def reconcile(sides: str, store_url: str) -> Mapping[str, float]:
    """A whole measurement: both sides, ledger, coverage and verdicts."""
    from integration_monitor.manifest.load import load_texts
    from integration_monitor.measure import measure_integration
    from integration_monitor.store.engine import open_store
    from integration_monitor.store.migrate import upgrade

    (integration,) = load_texts({"bench.yaml": _MANIFEST}).integrations
    store = open_store(store_url)
    upgrade(store)
    started = time.perf_counter()
    (measured,) = measure_integration(integration, store=store, environ={"SIDES_URL": sides})
    took = time.perf_counter() - started
    verdict = measured.verdicts[0]
    _check(verdict.evidence["pending"], verdict.reason)
    return {"took": took}


def _in_new_store(server: EmbeddedPostgres, sides: str) -> Cost:
    server.drop_database("store")
    return in_child(reconcile, sides, server.create_database("store"))


def _check(owed: float, said: str = "") -> None:
    if owed != LOST:
        raise SystemExit(f"{owed:g} records owed instead of {LOST}: {said}")


def _fill(sides: str, records: int) -> None:
    with psycopg.connect(sides) as connection:
        for name, condition in (("source", "true"), ("destination", f"n > {LOST}")):
            statements = _TABLE.format(name=name, records=records, condition=condition)
            connection.execute(statements)


if __name__ == "__main__":
    main()
