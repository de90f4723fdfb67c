"""How old the oldest owed record is, and how long records took."""

from __future__ import annotations

from datetime import timedelta

from integration_monitor.manifest.domain import Lag
from integration_monitor.store.engine import Store
from integration_monitor_tests.observe.memory import Reconciliation, ago


def test_freshness_is_the_age_of_the_oldest_owed_record(store: Store) -> None:
    lag = Lag(timedelta(minutes=15), timedelta(hours=1), "watch")
    case = Reconciliation(store, lag=lag)
    case.source.put("1", ago(minutes=20))
    verdict = case.run()
    assert case.freshness.status == "warn"
    assert verdict.status == "warn"
    assert "the oldest for 20 min" in verdict.reason
    case.clock.pass_(minutes=50)
    case.run()
    assert (case.freshness.status, case.freshness.severity) == ("fail", "watch")
    assert case.freshness.evidence["oldest_owed_s"] == 70 * 60


def test_load_lag_is_a_distribution(store: Store) -> None:
    case = Reconciliation(store)
    for n in range(100):
        at = ago(minutes=30)
        case.source.put(str(n), at)
        case.destination.put(str(n), at, loaded_at=at + timedelta(seconds=n + 1))
    case.run()
    evidence = case.freshness.evidence
    assert [evidence[f"load_lag_{p}_s"] for p in ("p50", "p95", "p99")] == [50, 95, 99]
    assert case.freshness.reason.startswith("freshness is not declared")
