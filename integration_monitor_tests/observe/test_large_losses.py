"""Many records at once: nothing is counted twice, read for ever, or held in memory."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from integration_monitor.manifest.domain import Lag
from integration_monitor.observe.side import Record
from integration_monitor.store import ledger, stretches
from integration_monitor.store.engine import Store
from integration_monitor_tests.observe.memory import NOON, Reconciliation

MINUTE = timedelta(minutes=1)


def changes(count: int, start: datetime, every: timedelta) -> list[Record]:
    return [Record(f"k{n}", start + n * every, f"tenant-{n % 7}") for n in range(count)]


@pytest.mark.slow
def test_an_outage_is_counted_once_however_the_overlap_is_cut(store: Store) -> None:
    case = Reconciliation(store, grace=MINUTE, requests=5000)
    case.source.records = changes(30_000, NOON - 50 * MINUTE, timedelta(milliseconds=77))
    for _ in range(4):
        verdict = case.run()
        case.clock.pass_(seconds=97)
    assert verdict.evidence["gaps"] == 30_000
    assert verdict.evidence["pending"] == 0
    case.destination.records = case.source.records[:-3]
    assert case.run().evidence["gaps"] == 3


def test_rows_that_are_owed_already_take_no_room_again(store: Store) -> None:
    case = Reconciliation(store, requests=5000)
    case.source.records = changes(6_000, NOON - 30 * MINUTE, timedelta(milliseconds=10))
    for _ in range(2):
        verdict = case.run()
        case.clock.pass_(minutes=1)
    assert verdict.evidence["pending"] == 6_000
    with store.begin() as connection:
        assert stretches.of_unit(connection, case.unit) == []
        assert ledger.count_open(connection, "crm", "contacts") == 6_000


def test_a_bulk_change_with_one_timestamp_is_read_with_few_requests(store: Store) -> None:
    case = Reconciliation(store, overlap=timedelta(0), requests=400)
    case.source.records = [
        Record(f"k{n}", NOON - timedelta(hours=20), "acme") for n in range(60_000)
    ]
    case.destination.copy_from(case.source)
    assert case.run().status == "ok"
    assert case.result.covered_to == NOON


def test_a_bulk_change_in_flight_is_no_hour_late(store: Store) -> None:
    case = Reconciliation(store, requests=1000, lag=Lag(15 * MINUTE, 30 * MINUTE))
    case.source.records = changes(15_000, NOON - 5 * MINUTE, timedelta(milliseconds=10))
    assert case.run().status == "ok"
    assert case.freshness.status == "ok"
    assert case.freshness.evidence["oldest_owed_s"] == 300


def test_a_stretch_above_the_budget_is_read_in_shorter_ones(store: Store) -> None:
    case = Reconciliation(store, overlap=timedelta(0), window=timedelta(days=2), requests=100)
    case.source.records = changes(50_000, NOON - timedelta(hours=24), timedelta(seconds=1))
    case.destination.copy_from(case.source)
    covered = []
    for _ in range(8):
        verdict = case.run()
        covered.append(case.result.covered_to)
    assert verdict.status == "ok"
    assert covered == sorted(covered, key=str)


def test_a_large_loss_is_read_again_piece_by_piece_within_half_of_the_budget(
    store: Store,
) -> None:
    case = Reconciliation(store, grace=timedelta(0), overlap=timedelta(0), requests=1000)
    case.source.records = changes(40_000, NOON - 50 * MINUTE, timedelta(0)) + changes(
        1, NOON - 10 * MINUTE, MINUTE
    )
    case.run()
    assert case.run().evidence["gaps"] >= 40_000
    case.destination.copy_from(case.source)
    for _ in range(4):
        verdict = case.run()
    assert verdict.status == "ok"


def test_load_lags_are_thinned_evenly(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration_monitor.observe.reconcile.LAGS_KEPT", 100)
    case = Reconciliation(store, window=timedelta(minutes=10))
    at = NOON - 55 * MINUTE
    for n in range(1_000):
        version = at + n * timedelta(seconds=3)
        case.source.records.append(Record(str(n), version))
        arrived = version + timedelta(seconds=n)
        case.destination.records.append(Record(str(n), version, loaded_at=arrived))
    case.run()
    assert 50 <= len(case.result.load_lags_s) <= 100
    assert case.freshness.evidence["load_lag_p50_s"] == pytest.approx(500, abs=30)


def test_extra_records_are_looked_for_within_a_partners_limit(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0), requests=1000)
    case.source.records = changes(900, NOON - 10 * MINUTE, timedelta(milliseconds=500))
    case.destination.copy_from(case.source)
    case.destination.put("x", NOON - 5 * MINUTE)
    case.destination.max_results = 500
    verdict = case.run()
    assert (verdict.status, case.result.error) == ("warn", None)
    assert case.open() == [("x", "extra", True)]
