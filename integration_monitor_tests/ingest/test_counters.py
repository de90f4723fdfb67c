"""Counting calls in memory, within bounds."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.ingest.counters import Counters
from integration_monitor.store.call_batch import OTHER_TENANTS, Exemplar

MINUTE = 29_500_000
AT = datetime.fromtimestamp(MINUTE * 60, UTC)

Call = tuple[int, str, str, str, str, int]
calls = st.tuples(
    st.integers(MINUTE, MINUTE + 2),
    st.sampled_from(["crm", "shop"]),
    st.sampled_from(["contacts", "other"]),
    st.sampled_from(["acme", "globex", "-"]),
    st.sampled_from(["ok", "server"]),
    st.integers(-3, 3),
)


def exemplar(tenant: str, message: str) -> Exemplar:
    return Exemplar(AT, "crm", "contacts", tenant, "server", message=message)


@given(st.lists(calls), st.integers(0, 10))
def test_every_call_is_counted_once_whenever_it_is_taken(made: list[Call], cut: int) -> None:
    counters = Counters()
    taken = []
    for index, call in enumerate(made):
        if index == cut:
            taken.append(counters.take())
        counters.add(*call)
    taken += [counters.take(), counters.take()]
    found: Counter[Call] = Counter()
    for one in (count for each in taken for count in each.counts):
        minute = int(one.minute.timestamp() // 60)
        key = (minute, one.integration, one.endpoint, one.tenant, one.outcome, one.bucket)
        found[key] += one.calls
    assert found == Counter(made)
    assert not taken[-1].counts


def test_more_tenants_than_there_is_room_for_are_counted_together(
    caplog: pytest.LogCaptureFixture,
) -> None:
    counters = Counters()
    for number in range(100_000):
        counters.add(MINUTE, "crm", "contacts", f"tenant-{number}", "ok", 0)
    counts = {count.tenant: count.calls for count in counters.take().counts}
    assert len(counts) == 10_001
    assert counts[OTHER_TENANTS] == 90_000
    assert len(caplog.messages) == 1


def test_the_room_of_a_minute_outlasts_a_taking_and_is_new_in_the_next_minute() -> None:
    counters = Counters(series=1)
    tenants = []
    for minute, tenant in [(0, "acme"), (0, "globex"), (1, "globex"), (0, "acme"), (0, "globex")]:
        counters.add(MINUTE + minute, "crm", "contacts", tenant, "ok", 0)
        tenants += [count.tenant for count in counters.take().counts]
    assert tenants == ["acme", OTHER_TENANTS, "globex", "acme", OTHER_TENANTS]


def test_what_there_is_no_room_for_at_all_is_counted_as_dropped() -> None:
    counters = Counters(keys=2)
    for bucket in (1, 2, 3, 1):
        counters.add(MINUTE, "crm", "contacts", "acme", "ok", bucket)
    counters.drop(4)
    taken = counters.take()
    assert {count.bucket: count.calls for count in taken.counts} == {1: 2, 2: 1}
    assert taken.dropped == 5
    assert counters.take().dropped == 0


def test_the_last_failing_calls_of_a_series_are_kept() -> None:
    counters = Counters()
    for number in range(10):
        counters.keep(exemplar("acme", str(number)))
    counters.keep(exemplar("globex", "only"))
    assert [one.message for one in counters.take().exemplars] == ["7", "8", "9", "only"]
    assert not counters.take().exemplars


def test_failing_calls_of_very_many_tenants_take_bounded_room() -> None:
    counters = Counters()
    for number in range(5_000):
        counters.keep(exemplar(f"tenant-{number}", "no"))
    assert len(counters.take().exemplars) == 1_000


def test_a_hundred_threads_lose_no_call_while_it_is_taken() -> None:
    counters = Counters()
    ready = threading.Barrier(101)
    taken = []

    def call(number: int) -> None:
        ready.wait()
        for bucket in range(500):
            counters.add(MINUTE, "crm", "contacts", f"tenant-{number % 7}", "ok", bucket % 5)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    ready.wait()
    while any(thread.is_alive() for thread in threads):
        taken.append(counters.take())
    taken.append(counters.take())
    assert sum(count.calls for each in taken for count in each.counts) == 50_000
