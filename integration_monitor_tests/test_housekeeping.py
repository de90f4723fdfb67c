from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from integration_monitor.housekeeping import EVERY, Housekeeping
from integration_monitor.manifest.domain import Fleet, ManifestError, Retention
from integration_monitor.signals.verdict import ASSET_CHECKS
from integration_monitor.store import (
    calls,
    check_verdicts,
    coverage,
    incidents,
    ledger,
    outbox,
    verdicts,
)
from integration_monitor.store.call_batch import Batch, CallCount
from integration_monitor.store.coverage import Coverage, Unit
from integration_monitor.store.engine import Store
from integration_monitor.store.ledger import Sighting
from integration_monitor_tests.alerts.examples import fleet
from integration_monitor_tests.incidents.examples import START, verdict
from integration_monitor_tests.observe.memory import Clock
from integration_monitor_tests.store.test_incidents import INCIDENT

LEFT = Unit("crm", "left", "-")
ERROR = ManifestError("monitor.yaml", 1, 1, "no")


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def left(store: Store) -> Store:
    """A store with a sync that is in no manifest, a verdict about it, and a record it is owed."""
    with store.begin() as connection:
        verdicts.record(connection, verdict("fail", subject="left"))
        coverage.save(connection, LEFT, Coverage("sides", covered_to=START), START)
        lost = [Sighting("c-1", START - timedelta(hours=5), "acme", "missing")]
        ledger.add(connection, LEFT, lost, first_seen=START, at=START, gap_since=START)
    return store


def followed(store: Store) -> tuple[int, int]:
    """Latest verdicts, and open gaps."""
    with store.begin() as connection:
        gaps = ledger.count_open(connection, "crm", "left")
        return len(verdicts.latest(connection)), gaps


def test_a_sync_that_left_the_manifests_is_let_go_after_a_day(left: Store, clock: Clock) -> None:
    tidy = Housekeeping(fleet(), clock)
    clock.pass_(minutes=23 * 60)
    tidy(left)
    assert followed(left) == (1, 1)
    clock.pass_(minutes=2 * 60)
    tidy(left)
    assert followed(left) == (0, 0)
    with left.begin() as connection:
        state = coverage.load(connection, LEFT)
    # Put back, it is read from what it was owed on.
    assert state is not None
    assert state.covered_to == START - timedelta(hours=5)


@pytest.mark.parametrize("held", [Fleet("."), replace(fleet(), monitor_errors=(ERROR,))])
def test_nothing_is_let_go_while_manifests_cannot_be_read(
    left: Store, clock: Clock, held: Fleet
) -> None:
    clock.pass_(minutes=48 * 60)
    Housekeeping(held, clock)(left)
    assert followed(left) == (1, 1)


def test_alerts_for_a_channel_that_is_gone_are_given_up_after_a_week(
    store: Store, clock: Clock
) -> None:
    with store.begin() as connection:
        incident_id = incidents.save(connection, INCIDENT).stored_id
        for channel in ("gone", *fleet().monitor.channels):
            outbox.add(
                connection, dedup_key=channel, incident_id=incident_id, channel=channel,
                reason="opened", alert={}, at=START,
            )  # fmt: skip
    tidy = Housekeeping(fleet(), clock)
    clock.pass_(minutes=6 * 24 * 60)
    assert tidy(store) == ""
    clock.pass_(minutes=2 * 24 * 60)
    assert tidy(store) == "1 undeliverable alerts given up"
    with store.begin() as connection:
        waiting = {each.channel for each in outbox.undelivered(connection)}
    assert waiting == set(fleet().monitor.channels)


def test_it_is_done_once_an_hour(store: Store, clock: Clock) -> None:
    monitor = replace(fleet().monitor, retention=Retention(verdicts=timedelta(0)))
    tidy = Housekeeping(replace(fleet(), monitor=monitor), clock)
    assert tidy(store) == ""
    with store.begin() as connection:
        for found in (verdict("fail", -2), verdict("ok", -1)):
            verdicts.record(connection, found)
    assert tidy(store) == ""
    clock.pass_(minutes=EVERY / timedelta(minutes=1))
    assert tidy(store) == "1 old rows deleted"


def test_calls_are_kept_as_retention_says_in_as_many_ticks_as_it_takes(
    store: Store, clock: Clock
) -> None:
    calls.add(store, Batch("b", "w", (CallCount(START, "crm", "c", "t", "ok", 1, 1),)), now=START)
    clock.pass_(minutes=5 * 24 * 60)
    tidy = Housekeeping(fleet(), clock, for_calls_s=0)
    assert tidy(store) == ""
    tidy.for_calls_s = 60
    # Not an hour later, but in the next tick.
    assert tidy(store) == (
        "2 hours and days of calls rolled up; 2 partitions of calls dropped;"
        " 1 old rows about calls deleted"
    )
    calls.add(store, Batch("c", "w"), now=START)
    assert tidy(store) == ""


def test_an_asset_check_that_is_seldom_run_is_not_let_go(store: Store, clock: Clock) -> None:
    with store.begin() as connection:
        seldom = replace(verdict("ok", subject="orders:a"), integration=ASSET_CHECKS)
        check_verdicts.record(connection, [seldom], {"orders:a"}, START)
    clock.pass_(minutes=30 * 24 * 60)
    Housekeeping(fleet(), clock)(store)
    with store.begin() as connection:
        assert len(verdicts.latest(connection)) == 1
