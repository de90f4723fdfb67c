"""What it costs to judge the calls of a whole fleet: facts, all signals, and recording.

The store holds an hour of calls: four rows a minute and endpoint. Every fiftieth endpoint fails at
30 % for twenty minutes, others now and then; of a thousand tenants one is broken. Beside it stands
the floor: one pass of the database over the same window, grouped by endpoint.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import sqlalchemy as sa

from benchmarks.measuring import Cost, in_child, median, options, peak_mb, rounds, show
from integration_monitor.collection import collection_paused
from integration_monitor.manifest.domain import Endpoint, Integration, Latency, Owner
from integration_monitor.store import call_facts, partitions
from integration_monitor.store.embedded import temporary_postgres
from integration_monitor.store.engine import Store, open_store
from integration_monitor.store.migrate import upgrade
from integration_monitor.telemetry import judge_fleet

AT_MOST_S = 2.0
END = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = END + timedelta(seconds=15)
"""The minute before `END` is the newest that is judged."""
MINUTES, ENDPOINTS, ROWS, PER_ROW = 60, 10, 4, 3
"""`PER_ROW`: how many tenants share a row of all tenants together, where there are tenants."""

_FAILS = """
    CASE WHEN k = 4 AND (i * 7 + e) %% 50 = 0 AND m <= 20 THEN 'server'
         WHEN k = 4 AND (i * 7 + e * 13 + m * 3) %% 40 = 0 THEN 'timeout' ELSE 'ok' END
"""
_CALLS = f"""
    INSERT INTO integration_monitor.call_minutes
    SELECT %(end)s - make_interval(mins => m), 'integration_' || i, 'endpoint_' || e, {_FAILS},
           100 + 10 * k + (i * 31 + e * 17 + m * 7 + k * 3) %% 30, (ARRAY[5, 8, 4, 7])[k]
    FROM generate_series({MINUTES}, 0, -1) m, generate_series(1, %(integrations)s) i,
         generate_series(1, {ENDPOINTS}) e, generate_series(1, {ROWS}) k
"""
_WITHOUT_TENANTS = """
    INSERT INTO integration_monitor.tenant_minutes
    SELECT minute, integration, endpoint, '-', outcome, bucket, calls
    FROM integration_monitor.call_minutes
"""
_BY_TENANT = f"""
    INSERT INTO integration_monitor.tenant_minutes
    SELECT %(end)s - make_interval(mins => m), 'integration_' || i, 'endpoint_' || e,
           'tenant_' || tenant,
           CASE WHEN (i * 100 + tenant) %% 1000 = 0 THEN 'bad_request' ELSE {_FAILS} END,
           100 + 10 * k + (i * 31 + e * 17 + m * 7 + k * 3) %% 30, 2
    FROM generate_series({MINUTES}, 0, -1) m, generate_series(1, %(integrations)s) i,
         generate_series(1, {ENDPOINTS}) e, generate_series(1, {ROWS}) k,
         generate_series(1, {PER_ROW}) t,
         LATERAL (SELECT 1 + (e * 37 + m * 11 + k * 29 + t * 53) %% %(tenants)s) s (tenant)
"""
_LIMITS = """
    INSERT INTO integration_monitor.rate_limits
    SELECT 'integration_' || i, 'tenant_' || t, 'daily', 1000, 1000 - (i + t) %% 990, %(end)s
           + interval '1 hour', 86400, %(end)s
    FROM generate_series(1, %(integrations)s) i, generate_series(1, %(tenants)s) t
"""
_FLOOR = """
    SELECT integration, endpoint, outcome, sum(calls) FROM integration_monitor.call_minutes
    WHERE minute >= :since GROUP BY integration, endpoint, outcome
"""


def main() -> None:
    """Measure each size, and print the medians."""
    chosen = options(__doc__, small=100, middle=1000, large=5000, tenants=100, repeats=3)
    rows = []
    with temporary_postgres() as server:
        for number, tenants in (
            (chosen.small, 0),
            (chosen.middle, 0),
            (chosen.middle, chosen.tenants),
            (chosen.large, 0),
        ):
            name = f"fleet_{number}_{tenants}"
            url = server.create_database(name)
            stored = _load(url, number, tenants)
            costs = rounds(chosen.repeats, partial(in_child, _ticks, url, number))[0]
            rows.append(_row(number, tenants, stored, costs))
            server.drop_database(name)
    show(rows, as_json=chosen.json)


def _row(integrations: int, tenants: int, stored: int, costs: list[Cost]) -> Mapping[str, object]:
    wanted: object = AT_MOST_S if integrations == 1000 else ""
    return {
        "integrations": integrations,
        "tenants each": tenants,
        "rows": stored,
        "one pass, s": median(costs, "floor"),
        "facts, s": median(costs, "facts"),
        "first tick, s": median(costs, "first"),
        "tick, s": median(costs, "tick"),
        "of it our processor, s": median(costs, "ours"),
        "wanted, s": wanted,
        "not ok": round(median(costs, "not_ok")),
        "peak MB": peak_mb(costs),
    }


def _load(url: str, integrations: int, tenants: int) -> int:
    """Fill the store; gives how many rows of calls it holds."""
    store = open_store(url)
    upgrade(store)
    with store.begin() as connection:
        for of in (partitions.MINUTES, partitions.TENANT_MINUTES):
            partitions.ensure(connection, of, {of.start(END - timedelta(minutes=1))})
    store.dispose()
    values = {"end": END, "integrations": integrations, "tenants": tenants}
    with psycopg.connect(url, autocommit=True) as connection_:
        connection_.execute(_CALLS, values)
        connection_.execute(_BY_TENANT if tenants else _WITHOUT_TENANTS, values)
        if tenants:
            connection_.execute(_LIMITS, values)
        connection_.execute("VACUUM ANALYZE")
        found = connection_.execute(
            "SELECT (SELECT count(*) FROM integration_monitor.call_minutes)"
            " + (SELECT count(*) FROM integration_monitor.tenant_minutes)"
        ).fetchone()
    return int(found[0]) if found else 0


def _ticks(url: str, integrations: int) -> Mapping[str, float]:
    store = open_store(url)
    fleet = [_integration(number) for number in range(1, integrations + 1)]
    with store.begin() as connection:
        connection.execute(sa.text("TRUNCATE integration_monitor.verdicts"))
    floor = _timed(lambda: _one_pass(store))
    facts = _timed(lambda: _facts(store, fleet))
    first = _timed(lambda: judge_fleet(store, fleet, NOW))
    ticks = [_tick(store, fleet, NOW + timedelta(seconds=after)) for after in (30, 45, 60)]
    store.dispose()
    of_ticks = {name: statistics.median(tick[name] for tick in ticks) for name in ticks[0]}
    return {"floor": floor, "facts": facts, "first": first, **of_ticks}


def _tick(store: Store, fleet: Sequence[Integration], at: datetime) -> Mapping[str, float]:
    """As the sensor does it: nothing is collected until what was judged is gone."""
    began, used = time.perf_counter(), time.process_time()
    with collection_paused():
        found = judge_fleet(store, fleet, at)
        not_ok = sum(verdict.status != "ok" for verdict in found)
        del found
    return {
        "tick": time.perf_counter() - began,
        "ours": time.process_time() - used,
        "not_ok": float(not_ok),
    }


def _timed(work: object) -> float:
    assert callable(work)
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _one_pass(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(sa.text(_FLOOR), {"since": END - timedelta(minutes=15)}).all()


def _facts(store: Store, fleet: list[Integration]) -> None:
    call_facts.read(store, fleet, NOW)


def _integration(number: int) -> Integration:
    # Every fiftieth integration is slower than it may be: p95 is about 700 ms everywhere.
    limit = timedelta(milliseconds=500 if number % 50 == 0 else 1000)
    budget = Latency(p95=limit, p99=2 * limit)
    return Integration(
        name=f"integration_{number}",
        owner=Owner("Owner", "owner@example.com"),
        file="",
        title=f"Integration {number}",
        endpoints={
            name: Endpoint(name, f"/{name}", critical=name == "endpoint_1", latency=budget)
            for name in (f"endpoint_{e}" for e in range(1, ENDPOINTS + 1))
        },
    )


if __name__ == "__main__":
    main()
