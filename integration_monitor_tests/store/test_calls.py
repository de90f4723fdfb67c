"""A batch counts once, whatever is in it and whoever else is writing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from integration_monitor.signals.shape import FieldShape, Shape, shape_of
from integration_monitor.store import calls, partitions
from integration_monitor.store.call_batch import (
    Exemplar,
    Notice,
    RateLimit,
    ShapeSeen,
)
from integration_monitor.store.call_tables import (
    call_batches,
    call_minutes,
    notices,
    rate_limits,
    response_shapes,
    tenant_minutes,
)
from integration_monitor.store.engine import Store, StoreError, open_store
from integration_monitor_tests.store.call_examples import MINUTE, NOW, batch, count, rows, total


def test_counts_are_stored_by_tenant_and_summed_over_tenants(store: Store) -> None:
    assert calls.add(store, batch(count(), count(tenant="bolt", n=4)), now=NOW)
    assert {(row.tenant, row.calls) for row in rows(store, tenant_minutes)} == {
        ("acme", 1),
        ("bolt", 4),
    }
    (row,) = rows(store, call_minutes)
    assert tuple(row) == (MINUTE, "crm", "contacts", "ok", 7, 5)


def test_a_batch_that_comes_again_changes_nothing(store: Store) -> None:
    limit = RateLimit("crm", "acme", "burst", 100, 7, None, 10, NOW)
    failing = Exemplar(NOW, "crm", "contacts", "acme", "validation")
    first = batch(count(), rate_limits=(limit,), exemplars=(failing,), dropped=3)
    assert calls.add(store, first, now=NOW)
    assert not calls.add(store, first, now=NOW + timedelta(minutes=1))
    assert total(store, call_minutes) == total(store, tenant_minutes) == 1
    (row,) = rows(store, call_batches)
    assert (row.calls, row.dropped, row.received_at) == (1, 3, NOW)


def test_the_same_batches_at_once_count_once(store: Store) -> None:
    """As after commits of which nobody heard: every process sends all of it again."""
    batches = [batch(count(MINUTE - timedelta(days=n), n=n + 1), name=f"b{n}") for n in range(5)]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda each: calls.add(store, each, now=NOW), batches * 4))
    assert taken.count(True) == 5
    assert total(store, call_minutes) == total(store, tenant_minutes) == 15


def test_processes_make_one_partition_of_a_day_at_once(store_url: str) -> None:
    def send(number: int) -> bool:
        store = open_store(store_url)
        try:
            return calls.add(store, batch(count(), name=str(number)), now=NOW)
        finally:
            store.dispose()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(send, range(8)))
    store = open_store(store_url)
    assert total(store, call_minutes) == 8
    with store.begin() as connection:
        (partition,) = partitions.existing(connection, partitions.MINUTES)
    assert partition.name == "call_minutes_20260301"
    store.dispose()


def test_what_a_failed_transaction_began_is_stored_when_it_is_sent_again(store: Store) -> None:
    broken = batch(count(), count(bucket=2**40))
    with pytest.raises(StoreError, match="did not take a batch of calls"):
        calls.add(store, broken, now=NOW)
    assert rows(store, call_batches) == rows(store, call_minutes) == []
    assert calls.add(store, batch(count()), now=NOW)


def test_a_store_that_is_away_is_a_clear_error() -> None:
    store = open_store("postgresql://someone:hunter2@127.0.0.1:1/nothing")
    with pytest.raises(StoreError, match="does not answer"):
        calls.add(store, batch(count()), now=NOW)
    store.dispose()


def test_a_store_that_was_not_migrated_says_what_to_run(database_url: str) -> None:
    store = open_store(database_url)
    with pytest.raises(StoreError, match="integration-monitor db upgrade"):
        calls.add(store, batch(count()), now=NOW)
    store.dispose()


@pytest.mark.parametrize("off", [timedelta(days=-40), timedelta(days=400), timedelta(days=-9000)])
def test_minutes_of_a_wrong_clock_are_counted_as_dropped(store: Store, off: timedelta) -> None:
    assert calls.add(store, batch(count(n=2), count(MINUTE + off, n=5), dropped=1), now=NOW)
    assert total(store, call_minutes) == 2
    (row,) = rows(store, call_batches)
    assert (row.calls, row.dropped) == (2, 6)


def test_late_minutes_of_a_day_that_was_dropped_are_counted_as_dropped(store: Store) -> None:
    old = MINUTE - timedelta(days=5)
    assert calls.add(store, batch(count(old)), now=NOW)
    with store.begin() as connection:
        for each in (partitions.MINUTES, partitions.TENANT_MINUTES):
            partitions.drop(connection, each, MINUTE - timedelta(days=3))
    assert calls.add(store, batch(count(old, n=3), count(), name="late"), now=NOW)
    assert total(store, call_minutes) == 1
    assert [(row.calls, row.dropped) for row in rows(store, call_batches)] == [(1, 0), (1, 3)]


@pytest.mark.parametrize(
    ("ago", "taken"),
    [
        (timedelta(0), True),
        (timedelta(days=3), True),
        (timedelta(days=3, seconds=1), False),
        (-calls.AHEAD, True),
        (-calls.AHEAD - timedelta(seconds=1), False),
    ],
)
def test_which_calls_are_in_time(ago: timedelta, taken: bool) -> None:
    assert calls.in_time(NOW - ago, now=NOW, minutes=timedelta(days=3)) is taken


def test_the_newest_rate_limit_wins(store: Store) -> None:
    def said(remaining: int, seconds: int) -> RateLimit:
        at = NOW + timedelta(seconds=seconds)
        return RateLimit("crm", "acme", "burst", 2**70, remaining, None, 10.5, at)

    calls.add(store, batch(rate_limits=(said(5, 5), said(9, 9), said(3, 3))), now=NOW)
    (row,) = rows(store, rate_limits)
    assert (row.remaining, row.limit) == (9, 2**63 - 1)
    calls.add(store, batch(rate_limits=(said(1, 1),), name="late"), now=NOW)
    assert [row.remaining for row in rows(store, rate_limits)] == [9]


def test_a_notice_keeps_when_it_was_first_seen(store: Store) -> None:
    def said(hours: int, on: date | None) -> Notice:
        return Notice("crm", "contacts", "sunset", on, None, NOW + timedelta(hours=hours))

    may, june = date(2026, 5, 1), date(2026, 6, 1)
    calls.add(store, batch(notices=(said(2, june), said(1, may))), now=NOW)
    calls.add(store, batch(notices=(said(0, None),), name="late"), now=NOW)
    (row,) = rows(store, notices)
    assert (row.on, row.first_seen, row.last_seen) == (june, NOW, NOW + timedelta(hours=2))


def test_shapes_are_kept_as_they_were_seen(store: Store) -> None:
    shape = Shape({"a.b": FieldShape({"string": 2}, 3, 1, 3, {"string": "…"})}, 3)
    odd = Shape({"a\x00": FieldShape({"string": 1}, 1, 0, 1, {"string": "\ud800"})}, 1)
    seen = tuple(ShapeSeen("crm", "contacts", each, NOW) for each in (shape, odd))
    calls.add(store, batch(shapes=seen), now=NOW)
    first, second = rows(store, response_shapes)
    assert shape_of(first.shape) == shape
    assert list(second.shape["fields"]) == ["a�"]


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 9000, "💥" * 5000, "a\tb\\N\n"])
def test_no_text_keeps_a_batch_from_being_stored(store: Store, text: str) -> None:
    """One that were refused would be sent again for ever."""
    failing = Exemplar(NOW, "crm", "contacts", text, "validation", 422, text, text, text, text)
    limit = RateLimit("crm", text, text, 1, 1, None, None, NOW)
    notice = Notice("crm", text, "sunset", None, text, NOW)
    odd = batch(
        count(tenant=text, endpoint=text), exemplars=(failing,), rate_limits=(limit,),
        notices=(notice,), name=text,
    )  # fmt: skip
    assert calls.add(store, odd, now=NOW)
    assert not calls.add(store, odd, now=NOW)
    assert total(store, tenant_minutes) == 1


def test_an_empty_batch_is_stored_as_what_was_dropped(store: Store) -> None:
    assert calls.add(store, replace(batch(), dropped=12), now=NOW)
    assert [row.dropped for row in rows(store, call_batches)] == [12]
