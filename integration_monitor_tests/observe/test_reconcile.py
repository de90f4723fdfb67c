"""The semantics of owed records, on the real store, with sides in memory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integration_monitor.manifest.domain import Tolerance
from integration_monitor.observe.side import ReadError, Record
from integration_monitor.store.engine import Store
from integration_monitor_tests.observe.memory import NOON, Reconciliation, ago, closed_reasons


def test_what_arrived_is_ok(store: Store) -> None:
    case = Reconciliation(store)
    case.source.put("1", ago(minutes=5))
    case.destination.copy_from(case.source)
    verdict = case.run()
    assert (verdict.status, verdict.severity) == ("ok", None)
    assert verdict.reason == "nothing is missing: 1 record read, covered to 2026-03-01T12:00:00Z"


def test_a_record_is_pending_within_grace_then_a_gap_then_arrived(store: Store) -> None:
    case = Reconciliation(store)
    case.source.put("1", ago(minutes=5), "acme")
    assert case.run().status == "ok"
    assert case.open() == [("1", "missing", False)]

    case.clock.pass_(minutes=11)
    verdict = case.run()
    assert (verdict.status, verdict.severity) == ("fail", "page")
    assert verdict.reason == "acme: 1 missing (1)"
    assert verdict.tenants == ("acme",)
    assert "| acme | 1 | missing |" in verdict.markdown
    assert verdict.markdown.startswith("**How many**\n\n| tenant |")
    assert "\n\n**Which**\n\n| tenant | record |" in verdict.markdown

    case.destination.copy_from(case.source)
    case.clock.pass_(minutes=1)
    assert case.run().status == "ok"
    assert closed_reasons(store) == ["arrived"]


def test_a_gap_stays_when_the_window_has_moved_past_it(store: Store) -> None:
    case = Reconciliation(store)
    case.source.put("1", ago(minutes=5))
    case.run()
    for _ in range(5):
        case.clock.pass_(hours=30)
        verdict = case.run()
    assert verdict.status == "fail"
    assert case.open() == [("1", "missing", True)]


def test_a_short_grace_is_waited_for_within_the_run(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(seconds=5))
    case.source.put("1", ago(minutes=1))
    assert case.run().status == "fail"
    assert case.slept == pytest.approx(5)


def test_an_older_version_at_the_destination_is_stale(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    case.source.put("1", ago(minutes=5))
    case.destination.put("1", ago(hours=2))
    case.run()
    assert case.open() == [("1", "stale", True)]


def test_a_hot_record_is_checked_although_it_changes_more_often_than_grace(store: Store) -> None:
    case = Reconciliation(store)
    for minute in range(12):
        case.source.put("hot", NOON + timedelta(minutes=minute))
        case.clock.at = NOON + timedelta(minutes=minute, seconds=30)
        verdict = case.run()
    assert verdict.status == "fail"
    assert verdict.evidence["gaps"] == 1
    assert verdict.reason.startswith("1 missing (hot)")


def test_a_version_owed_is_paid_although_the_source_has_moved_on(store: Store) -> None:
    case = Reconciliation(store)
    case.source.put("hot", ago(minutes=5))
    case.run()
    case.destination.put("hot", ago(minutes=5))
    case.source.put("hot", ago(minutes=1))
    case.clock.pass_(minutes=11)
    assert case.run().status == "ok"
    assert case.open() == [("hot", "stale", False)]


def test_an_update_that_becomes_visible_late_is_found(store: Store) -> None:
    case = Reconciliation(store)
    case.run()
    case.clock.pass_(minutes=20)
    case.run()
    case.source.put("late", NOON - timedelta(minutes=30))
    case.run()
    assert case.open() == [("late", "missing", False)]


@pytest.mark.parametrize("skew", [timedelta(minutes=-5), timedelta(minutes=5)])
def test_a_source_clock_five_minutes_off_loses_nothing(store: Store, skew: timedelta) -> None:
    case = Reconciliation(store, overlap=timedelta(0))
    case.source.skew = skew
    case.run()
    for minute in range(1, 8):
        case.clock.at = NOON + timedelta(minutes=minute)
        case.source.put(f"r{minute}", case.clock() + skew - timedelta(milliseconds=1))
        case.run()
    assert [key for key, *_ in case.open()] == [f"r{minute}" for minute in range(1, 8)]


def test_equal_timestamps_are_all_read(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    for n in range(2500):
        case.source.records.append(Record(str(n), ago(minutes=5)))
    assert case.run().evidence["gaps"] == 2500


def test_versions_compare_at_the_coarser_precision(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    for n in range(20):
        version = ago(minutes=5) + timedelta(microseconds=123_456 + n)
        case.source.put(str(n), version)
        case.destination.put(str(n), version.replace(microsecond=0))
    assert case.run().status == "ok"


def test_a_deleted_record_is_gone_after_two_look_ups(store: Store) -> None:
    case = Reconciliation(store)
    case.source.put("1", ago(minutes=5))
    case.run()
    case.source.remove("1")
    case.clock.pass_(minutes=11)
    assert case.run().status == "ok"
    assert case.open() == [("1", "missing", False)]
    case.clock.pass_(minutes=1)
    case.run()
    assert case.open() == []


@pytest.mark.parametrize("kind", ["auth", "permission", "server"])
def test_an_error_at_the_source_is_never_gone(store: Store, kind: str) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    case.source.put("1", ago(minutes=5))
    case.run()
    case.source.remove("1")
    case.source.lookup_error = ReadError(kind, "no answer")  # type: ignore[arg-type]
    for _ in range(3):
        case.clock.pass_(minutes=1)
        verdict = case.run()
    assert case.open() == [("1", "missing", True)]
    assert verdict.status == "fail"
    assert "no answer" in verdict.reason


def test_a_source_that_cannot_be_asked_does_not_keep_a_record_from_being_a_gap(
    store: Store,
) -> None:
    case = Reconciliation(store)
    case.source.put("1", ago(minutes=5))
    case.run()
    case.source.lookup_error = ReadError("server", "no answer")
    case.clock.pass_(minutes=11)
    assert case.run().status == "fail"
    assert case.open() == [("1", "missing", True)]


def test_a_record_that_leaves_the_filter_is_closed_as_such(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    case.source.put("1", ago(minutes=5))
    case.run()
    case.source.put("1", ago(minutes=90), in_filter=False)
    case.clock.pass_(minutes=1)
    case.run()
    assert closed_reasons(store) == ["left_filter"]


def test_a_record_for_another_tenant_is_misplaced_and_always_fails(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0), tolerance=Tolerance(missing=100))
    case.source.put("1", ago(minutes=5), "acme")
    case.destination.put("1", ago(minutes=5), "globex")
    verdict = case.run()
    assert verdict.status == "fail"
    assert case.open() == [("1", "misplaced", True)]
    assert "found for globex" in verdict.markdown


def test_another_tenants_record_with_the_same_key_is_not_ours(store: Store) -> None:
    tolerance = Tolerance(missing=1)
    case = Reconciliation(store, "acme", grace=timedelta(0), tolerance=tolerance)
    case.source.put("1", ago(minutes=5), "acme")
    case.destination.put("1", ago(minutes=7), "globex")
    assert case.run().status == "warn"
    assert case.open() == [("1", "missing", True)]


def test_a_record_that_changes_tenant_is_in_flight_within_grace(store: Store) -> None:
    case = Reconciliation(store)
    case.source.put("1", ago(minutes=30), "acme")
    case.destination.copy_from(case.source)
    case.run()
    case.source.put("1", ago(minutes=1), "globex")
    assert case.run().status == "ok"
    case.clock.pass_(minutes=11)
    assert case.run().status == "fail"
    case.destination.copy_from(case.source)
    assert case.run().status == "ok"


def test_a_version_owed_to_the_former_tenant_arrives_with_the_move(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    case.source.put("1", ago(minutes=5), "acme")
    assert case.run().status == "fail"
    case.source.put("1", ago(minutes=1), "globex")
    case.destination.copy_from(case.source)
    assert case.run().status == "ok"
    assert closed_reasons(store) == ["arrived"]


def test_a_null_tenant_at_the_source_compares_with_nothing(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    case.source.put("1", ago(minutes=5), None)
    case.destination.put("1", ago(minutes=5), "acme")
    assert case.run().status == "ok"


def test_a_null_tenant_at_the_destination_serves_nobody(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    case.source.put("1", ago(minutes=5), "acme")
    case.destination.put("1", ago(minutes=5), None)
    assert "found for no tenant" in case.run().markdown


def test_two_rows_with_one_key_are_told(store: Store) -> None:
    case = Reconciliation(store)
    case.source.put("1", ago(minutes=5))
    case.destination.records = [Record("1", ago(minutes=5)), Record("1", ago(hours=5))]
    verdict = case.run()
    assert verdict.status == "warn"
    assert "1 key more than once at the destination" in verdict.reason


def test_records_that_cannot_be_reconciled_are_told(store: Store) -> None:
    case = Reconciliation(store)
    case.source.malformed = ("no key", "no key", "no updated_at")
    case.source.unwatched = 2
    verdict = case.run()
    assert verdict.status == "warn"
    assert " records cannot be reconciled: no key, no updated_at;" in verdict.reason
    assert "2 rows without key or updated_at" in verdict.reason


def test_an_extra_record_warns_until_it_is_gone(store: Store) -> None:
    case = Reconciliation(store)
    case.destination.put("x", ago(minutes=5))
    assert case.run().status == "ok"
    case.clock.pass_(minutes=11)
    verdict = case.run()
    assert (verdict.status, verdict.severity) == ("warn", "ticket")
    assert verdict.reason.startswith("1 extra (x)")
    case.clock.pass_(days=2)
    assert case.run().status == "warn"
    case.destination.remove("x")
    assert case.run().status == "ok"


def test_equal_counts_hide_one_missing_and_one_extra_but_keys_decide(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    case.source.put("1", ago(minutes=5))
    case.destination.put("x", ago(minutes=5))
    verdict = case.run()
    assert case.result.source.records == case.result.destination.records == 1
    assert verdict.status == "fail"
    assert case.open() == [("1", "missing", True), ("x", "extra", True)]


def test_a_difference_of_totals_warns_when_it_is_seen_twice(store: Store) -> None:
    case = Reconciliation(store)
    case.source.put("old", ago(days=90))
    assert case.run().status == "ok"
    verdict = case.run()
    assert verdict.status == "warn"
    assert "the source holds 1 record more" in verdict.reason


def test_totals_that_known_gaps_explain_are_no_finding_of_their_own(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    case.source.put("1", ago(minutes=5))
    case.run()
    assert case.run().reason == "1 missing (1)"


def test_presence_only_where_the_destination_keeps_no_version(store: Store) -> None:
    case = Reconciliation(store)
    case.destination.keeps_version = False
    case.source.put("1", ago(minutes=5))
    case.destination.records = [Record("1")]
    assert "only presence was compared" in case.run().reason


def test_tolerance_holds_for_the_sync_and_for_each_tenant(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0), tolerance=Tolerance(ratio=0.01))
    for n in range(1000):
        case.source.put(f"big-{n}", ago(minutes=30), "big")
    for n in range(5):
        case.source.put(f"small-{n}", ago(minutes=30), "small")
    case.destination.copy_from(case.source)
    case.destination.remove("big-1")
    verdict = case.run()
    assert (verdict.status, verdict.reason) == ("warn", "big: 1 missing (big-1)")
    for n in range(5):
        case.destination.remove(f"small-{n}")
    verdict = case.run()
    assert verdict.status == "fail"
    assert [(part.tenant, part.status) for part in verdict.parts] == [
        ("big", "warn"),
        ("small", "fail"),
    ]
