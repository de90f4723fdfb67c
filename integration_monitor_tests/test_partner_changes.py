"""What partners announce and change, from what is stored to the verdicts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from integration_monitor.signals.latency_buckets import bucket_of
from integration_monitor.store import calls, verdicts
from integration_monitor.store.call_batch import Batch, CallCount, Notice
from integration_monitor.store.engine import Store
from integration_monitor.telemetry import judge_fleet
from integration_monitor_tests.plugin import an_integration

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FLEET = [an_integration("hubspot"), an_integration("stripe")]


def announced(seen_at: datetime) -> Notice:
    return Notice("hubspot", "contacts", "sunset", date(2026, 11, 30), None, seen_at)


def called(at: datetime) -> CallCount:
    return CallCount(at, "hubspot", "contacts", "acme", "ok", bucket_of(100), 3)


def status(store: Store, now: datetime, integration: str = "hubspot") -> tuple[str, str]:
    """Of the deprecation of an integration."""
    found = {(each.integration, each.signal): each for each in judge_fleet(store, FLEET, now)}
    verdict = found[integration, "deprecation"]
    return verdict.status, verdict.reason


def test_an_announcement_fails_its_integration_alone_and_is_stored(store: Store) -> None:
    calls.add(store, Batch("1", "test", (called(NOW),), notices=(announced(NOW),)), now=NOW)
    assert status(store, NOW)[0] == "fail"
    assert status(store, NOW, "stripe") == ("ok", "no end is announced")
    with store.begin() as connection:
        stored = {(each.integration, each.signal): each for each in verdicts.latest(connection)}
    assert stored["hubspot", "deprecation"].status == "fail"


def test_a_notice_is_withdrawn_by_a_week_of_answers_without_it(store: Store) -> None:
    calls.add(store, Batch("1", "test", (called(NOW),), notices=(announced(NOW),)), now=NOW)
    later = NOW + 8 * DAY
    calls.add(store, Batch("2", "test", (called(later),)), now=later)
    assert status(store, NOW + 6 * DAY)[0] == "fail"
    verdict = status(store, later)
    assert verdict[0] == "ok"
    assert "withdrawn" in verdict[1]
