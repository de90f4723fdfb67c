from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from integration_monitor.manifest.domain import Retention
from integration_monitor.signals.shape import Shape
from integration_monitor.store import calls, partitions
from integration_monitor.store.call_batch import Exemplar, Notice, RateLimit, ShapeSeen
from integration_monitor.store.call_tables import (
    call_batches,
    call_days,
    call_hours,
    call_minutes,
    exemplars,
    notices,
    rate_limits,
    response_shapes,
    tenant_minutes,
)
from integration_monitor.store.engine import Store
from integration_monitor.store.keep_calls import (
    KeptCalls,
    count_old_rows,
    keep_calls,
    old_partitions,
)
from integration_monitor_tests.store.call_examples import MINUTE, NOW, batch, count, rows, total

DAY = timedelta(days=1)
RETENTION = Retention(minutes=3 * DAY, hours=60 * DAY, days=400 * DAY)


def kept(store: Store, days: float) -> KeptCalls:
    return keep_calls(store, RETENTION, now=NOW + days * DAY, enough=lambda: False)


def totals(store: Store) -> tuple[int, ...]:
    tables = (call_minutes, tenant_minutes, call_hours, call_days)
    return tuple(total(store, table) for table in tables)


def test_each_grain_is_kept_as_long_as_its_retention(store: Store) -> None:
    calls.add(store, batch(count()), now=NOW)
    assert kept(store, 3.9).dropped == ()
    assert totals(store) == (1, 1, 1, 1)
    assert kept(store, 4).dropped == ("call_minutes_20260301", "tenant_minutes_20260301")
    assert totals(store) == (0, 0, 1, 1)
    # March ends 31 days after.
    assert kept(store, 31 + 59.9).dropped == ()
    assert kept(store, 31 + 60).dropped == ("call_hours_20260301",)
    assert totals(store) == (0, 0, 0, 1)
    assert kept(store, 31 + 400).dropped == ("call_days_20260301",)
    assert kept(store, 31 + 400) == KeptCalls(0, (), 0, complete=True)


def test_what_was_not_rolled_up_yet_is_not_dropped(store: Store) -> None:
    calls.add(store, batch(count()), now=NOW)
    stopped = keep_calls(store, RETENTION, now=NOW + 9 * DAY, enough=lambda: True)
    assert stopped == KeptCalls(0, (), 0, complete=False)
    # After a long pause, the first thing that is done is to roll up.
    assert kept(store, 9).rolled_up == 2
    assert totals(store) == (0, 0, 1, 1)


def test_late_calls_of_a_dropped_day_do_not_replace_its_hours(store: Store) -> None:
    calls.add(store, batch(count(n=5)), now=NOW)
    kept(store, 4)
    calls.add(store, batch(count(n=1), name="late"), now=NOW + 4 * DAY)
    kept(store, 4)
    assert totals(store) == (0, 0, 5, 5)
    assert {(row.id, row.dropped) for row in rows(store, call_batches)} >= {("late", 1)}


def test_a_batch_is_known_for_as_long_as_its_minutes_would_be_taken(store: Store) -> None:
    first = batch(count())
    calls.add(store, first, now=NOW)
    for days in range(8):
        kept(store, days)
        calls.add(store, first, now=NOW + days * DAY)
    # Forgotten on the sixth day, when its minutes were long refused.
    assert totals(store) == (0, 0, 1, 1)
    (row,) = rows(store, call_batches)
    assert (row.received_at, row.calls, row.dropped) == (NOW + 5 * DAY, 0, 1)


def test_what_else_was_seen_goes_with_age(store: Store) -> None:
    seen = batch(
        exemplars=(Exemplar(NOW, "crm", "contacts", "acme", "validation"),),
        rate_limits=(RateLimit("crm", "acme", "burst", 1, 1, None, None, NOW),),
        notices=(Notice("crm", "contacts", "sunset", None, None, NOW),),
        shapes=(ShapeSeen("crm", "contacts", Shape({}, 0), NOW),),
    )
    calls.add(store, seen, now=NOW)
    calls.add(store, replace(seen, id="again"), now=NOW)
    assert kept(store, 2.9).deleted == 0
    assert kept(store, 3.1).deleted == 2
    assert rows(store, response_shapes) == []
    assert kept(store, 5.1).deleted == 2  # which batches there were
    assert kept(store, 59.9).deleted == 0
    with store.begin() as connection:
        assert count_old_rows(connection, RETENTION, NOW + 60.1 * DAY) == 4
    assert kept(store, 60.1).deleted == 4
    assert all(rows(store, table) == [] for table in (exemplars, rate_limits, notices))


def test_a_table_that_is_read_is_dropped_from_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "_LOCK_WAIT", "10ms")
    calls.add(store, batch(count()), now=NOW)
    with store.begin() as reader:
        reader.execute(sa.select(call_minutes)).all()
        busy = kept(store, 5)
    assert (busy.dropped, busy.complete) == (("tenant_minutes_20260301",), False)
    assert kept(store, 5).dropped == ("call_minutes_20260301",)


def test_what_would_be_dropped_is_told(store: Store) -> None:
    calls.add(store, batch(count(), count(MINUTE + 3 * DAY)), now=NOW + 3 * DAY)
    with store.begin() as connection:
        old = old_partitions(connection, RETENTION, NOW + 4 * DAY)
    assert [partition.name for partition in old] == [
        "call_minutes_20260301",
        "tenant_minutes_20260301",
    ]


def test_it_says_what_it_did() -> None:
    assert str(KeptCalls(3, ("a", "b"), 0, complete=True)) == (
        "3 hours and days of calls rolled up; 2 partitions of calls dropped"
    )
    assert str(KeptCalls(0, (), 0, complete=False)) == ""
