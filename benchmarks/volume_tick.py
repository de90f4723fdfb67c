"""What it costs to judge the volume of 10,000 streams of webhooks each tick, and to learn it.

The store holds five weeks of hourly counts: a third of the streams has events in every hour, the
others in every fourth. One in a hundred has been silent for hours. Beside the tick stands the
database's part of it alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import sqlalchemy as sa

from benchmarks.measuring import Cost, in_child, median, options, peak_mb, rounds, show
from integration_monitor.manifest.domain import Integration, Owner
from integration_monitor.manifest.webhooks import VolumeRules, Webhooks
from integration_monitor.signals import webhook_volume
from integration_monitor.store import webhook_baselines, webhook_streams
from integration_monitor.store.embedded import temporary_postgres
from integration_monitor.store.engine import Store, open_store
from integration_monitor.store.migrate import upgrade

NOW = datetime(2026, 3, 4, 14, 49, tzinfo=UTC)
TYPES, TENANTS = 5, 100
_COUNTS = f"""
    INSERT INTO integration_monitor.webhook_counts
    SELECT 'integration_' || i, 'tenant_' || t, 'type_' || e, hour, n, 0,
           hour + interval '1 minute', least(hour + make_interval(mins => 20 + n), %(now)s), 300
    FROM generate_series(1, %(integrations)s) i, generate_series(1, {TENANTS}) t,
         generate_series(1, {TYPES}) e, generate_series(0, 839) h,
         LATERAL (SELECT date_trunc('hour', %(now)s) - make_interval(hours => h),
                         3 + (h * 7 + t * 3 + e) %% 30) s (hour, n)
    WHERE ((t + e) %% 3 = 0 OR (h + t) %% 4 = 0) AND ((t * 5 + e) %% 100 > 0 OR h > 4)
"""
_MINUTES = """
    INSERT INTO integration_monitor.receiver_minutes
    SELECT generate_series(%(now)s - interval '30 days', %(now)s, interval '1 minute')
"""


def main() -> None:
    """Measure both, and print the medians."""
    chosen = options(__doc__, integrations=20, repeats=3)
    with temporary_postgres() as server:
        url = server.create_database("volume")
        stored = _load(url, chosen.integrations)
        costs = rounds(chosen.repeats, partial(in_child, _ticks, url, chosen.integrations))[0]
        show([_row(chosen.integrations, stored, costs)], as_json=chosen.json)


def _row(integrations: int, stored: int, costs: list[Cost]) -> Mapping[str, object]:
    return {
        "streams": integrations * TENANTS * TYPES,
        "integrations": integrations,
        "rows": stored,
        "learn, s": median(costs, "learn"),
        "database, s": median(costs, "database"),
        "tick, s": median(costs, "tick"),
        "of it our processor, s": median(costs, "ours"),
        "not ok": round(median(costs, "not_ok")),
        "peak MB": peak_mb(costs),
    }


def _load(url: str, integrations: int) -> int:
    store = open_store(url)
    upgrade(store)
    store.dispose()
    with psycopg.connect(url, autocommit=True) as connection:
        values = {"now": NOW, "integrations": integrations}
        stored = connection.execute(_COUNTS, values).rowcount
        connection.execute(_MINUTES, values)
        connection.execute("VACUUM ANALYZE")
    return stored


def _ticks(url: str, integrations: int) -> Mapping[str, float]:
    store = open_store(url)
    fleet = [_integration(number) for number in range(1, integrations + 1)]
    with store.begin() as connection:
        connection.execute(sa.text("TRUNCATE integration_monitor.webhook_baselines"))
    began = time.perf_counter()
    webhook_baselines.refresh(store, fleet, NOW)
    learn = time.perf_counter() - began
    _tick(store, fleet, NOW)
    began = time.perf_counter()
    with store.begin() as connection:
        webhook_streams.read(connection, fleet, NOW)
    database = time.perf_counter() - began
    began, used = time.perf_counter(), time.process_time()
    not_ok = _tick(store, fleet, NOW + timedelta(seconds=30))
    tick, ours = time.perf_counter() - began, time.process_time() - used
    store.dispose()
    return {"learn": learn, "database": database, "tick": tick, "ours": ours, "not_ok": not_ok}


def _tick(store: Store, fleet: list[Integration], now: datetime) -> float:
    with store.begin() as connection:
        facts = webhook_streams.read(connection, fleet, now)
    found = [webhook_volume.judge(facts[each.name], each, now) for each in fleet]
    return float(sum(verdict.status != "ok" for verdict in found))


def _integration(number: int) -> Integration:
    return Integration(
        name=f"integration_{number}",
        owner=Owner("Owner", "owner@example.com"),
        file="",
        title=f"Integration {number}",
        webhooks=Webhooks(
            signature="github",
            secrets=(),
            volume=VolumeRules(timezone="Europe/Berlin", holidays="DE"),
        ),
    )


if __name__ == "__main__":
    main()
