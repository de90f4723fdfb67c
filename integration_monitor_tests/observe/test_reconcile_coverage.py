"""How far was read, and what happens after an outage or on a small budget."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from integration_monitor.manifest.domain import Lag
from integration_monitor.observe.side import ReadError, Record
from integration_monitor.store import ledger, stretches
from integration_monitor.store.engine import Store
from integration_monitor_tests.observe.memory import NOON, Reconciliation, ago


def test_a_monitor_that_was_down_for_an_hour_reads_on_from_coverage(store: Store) -> None:
    case = Reconciliation(
        store, overlap=timedelta(0), lag=Lag(timedelta(minutes=15), timedelta(minutes=50))
    )
    case.run()
    case.clock.pass_(minutes=5)
    case.source.put("lost", NOON + timedelta(minutes=1))
    case.clock.pass_(hours=1)
    case.run()
    assert case.open() == [("lost", "missing", False)]
    assert case.freshness.status == "fail"


def test_an_unreadable_source_is_unknown_and_coverage_waits(store: Store) -> None:
    case = Reconciliation(store, "acme")
    case.run()
    case.source.error = ReadError("auth", "401: the token is rejected")
    case.clock.pass_(hours=3)
    verdict = case.run()
    assert (verdict.status, verdict.severity) == ("unknown", "ticket")
    assert verdict.reason == "acme: 401: the token is rejected"
    assert verdict.blind == ("acme",)
    case.source.error = None
    case.source.put("1", NOON + timedelta(minutes=1))
    case.run()
    assert case.open() == [("1", "missing", False)]


def test_known_gaps_fail_also_while_the_source_cannot_be_read(store: Store) -> None:
    case = Reconciliation(store, "acme", grace=timedelta(0))
    case.source.put("1", ago(minutes=5))
    case.run()
    case.source.error = ReadError("server", "503")
    verdict = case.run()
    assert verdict.status == "fail"
    assert verdict.blind == ("acme",)


def test_a_small_budget_falls_behind_says_so_and_catches_up(store: Store) -> None:
    case = Reconciliation(store, requests=12, window=timedelta(hours=1), overlap=timedelta(0))
    for hour in range(24):
        case.source.put(str(hour), ago(hours=hour, minutes=30))
    case.destination.copy_from(case.source)
    verdict = case.run()
    assert verdict.status == "unknown"
    assert "behind: there is more than the `requests` of one run can read" in verdict.reason
    assert "came no farther" not in verdict.reason
    for _ in range(6):
        verdict = case.run()
    assert verdict.status == "ok"


def test_an_overlap_that_takes_the_whole_budget_is_told_to_be_too_long(store: Store) -> None:
    case = Reconciliation(store, window=timedelta(minutes=5), overlap=timedelta(hours=1))
    assert case.run().status == "ok"
    covered = case.result.covered_to
    case.sync = replace(case.sync, requests=12)
    case.clock.pass_(minutes=5)
    verdict = case.run()
    assert verdict.status == "warn"
    assert "this one came no farther: raise `requests`, or shorten `overlap`" in verdict.reason
    assert case.result.covered_to == covered


def test_a_source_that_tells_days_only_is_not_behind_for_the_rest_of_the_day(
    store: Store,
) -> None:
    case = Reconciliation(store, requests=7, overlap=timedelta(0), window=timedelta(days=2))
    case.clock.pass_(hours=3)
    case.source.granularity = timedelta(days=1)
    case.destination.put("x", ago(minutes=1))
    assert case.run().status == "ok"
    assert not case.result.behind
    assert case.result.requests > 3


def test_known_gaps_use_at_most_half_of_the_budget(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0), requests=60)
    for n in range(5000):
        case.source.put(str(n), ago(minutes=5))
    case.run()
    case.clock.pass_(minutes=1)
    case.sync = replace(case.sync, requests=36)
    verdict = case.run()
    assert case.result.covered_to == case.clock()
    assert verdict.status == "fail"


@pytest.mark.slow
def test_an_outage_of_100_000_records_is_kept_as_stretches_with_exact_tenants(
    store: Store,
) -> None:
    case = Reconciliation(
        store, grace=timedelta(minutes=1), requests=5000, window=timedelta(minutes=5)
    )
    start = ago(minutes=50)
    case.source.records = [
        Record(f"k{n}", start + timedelta(milliseconds=10 * n), f"tenant-{n % 7}")
        for n in range(100_000)
    ]
    case.run()
    case.clock.pass_(minutes=2)
    verdict = case.run()
    assert verdict.status == "fail"
    assert verdict.evidence["gaps"] == 100_000
    assert verdict.tenants == tuple(f"tenant-{n}" for n in range(7))
    with store.begin() as connection:
        kept = stretches.of_unit(connection, case.unit)
        rows = ledger.count_open(connection, "crm", "contacts")
    assert rows <= ledger.OWED_ROWS
    assert all(len(stretch.examples) <= stretches.EXAMPLES for stretch in kept)

    case.destination.records = case.source.records[:-3]
    case.clock.pass_(minutes=1)
    assert case.run().evidence["gaps"] == 3
    case.destination.copy_from(case.source)
    case.clock.pass_(minutes=1)
    assert case.run().status == "ok"
    with store.begin() as connection:
        assert stretches.of_unit(connection, case.unit) == []
