"""Facts from a real store, from rows that were appended in pieces."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from integration_monitor.manifest.calls import ErrorRules, LatencyRules
from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.call_facts import (
    Before,
    CallFacts,
    EndpointCalls,
    OutcomeCounts,
    Stretches,
)
from integration_monitor.store import call_facts
from integration_monitor.store.call_batch import CallCount
from integration_monitor.store.engine import Store
from integration_monitor_tests.call_examples import CRM, NOW, ago, named, some_calls, store_calls


def read(store: Store, *integrations: Integration) -> dict[str, CallFacts]:
    return call_facts.read(store, integrations or (CRM,), NOW)


def facts(store: Store, counts: Iterable[CallCount]) -> CallFacts:
    store_calls(store, counts)
    return read(store)["crm"]


def test_nothing_was_ever_called(store: Store) -> None:
    assert read(store) == {"crm": CallFacts("crm", ago(-1))}


def test_rows_that_are_alike_are_added_up_whenever_they_came(store: Store) -> None:
    for _ in range(3):
        store_calls(store, [some_calls(2, 5), some_calls(2, 7, ms=900), some_calls(2, 1, "server")])
    outcomes = read(store)["crm"].endpoints["contacts"].outcomes
    assert outcomes["ok"] == OutcomeCounts(Stretches(36, 0, 36), 36, 36)
    assert outcomes["server"] == OutcomeCounts(Stretches(3, 0, 3), 3, 3)


@pytest.mark.parametrize(
    ("minutes_ago", "expected"),
    [
        pytest.param(-1, None, id="in the future"),
        pytest.param(0, Stretches(1, 0, 1), id="now"),
        pytest.param(2, Stretches(1, 0, 1), id="the newer half's first minute"),
        pytest.param(3, Stretches(1, 1, 0), id="the older half's last"),
        pytest.param(4, Stretches(1, 1, 0), id="the older half's first"),
        pytest.param(5, Stretches(1, 0, 0), id="before the halves"),
        pytest.param(14, Stretches(1, 0, 0), id="the window's first minute"),
        pytest.param(15, None, id="before the window"),
    ],
)
def test_which_stretch_a_minute_belongs_to(
    store: Store, minutes_ago: int, expected: Stretches | None
) -> None:
    found = facts(store, [some_calls(minutes_ago, 1)])
    assert found.endpoints.get("contacts", EndpointCalls({})).calls == (expected or Stretches())
    latency = found.latencies.get("contacts")
    assert (latency.calls.window if latency else None) == (expected.window if expected else None)


def test_each_integration_is_judged_by_its_own_stretches(store: Store) -> None:
    long = named("erp", window=timedelta(hours=2))
    soon = named("pay", errors=ErrorRules(lasting=timedelta(minutes=10)))
    store_calls(
        store,
        [
            some_calls(minute, 1, integration=name)
            for name in ("crm", "erp", "pay", "unknown")
            for minute in (1, 7, 100)
        ],
    )
    found = read(store, CRM, long, soon)
    calls = {name: known.endpoints["contacts"].calls for name, known in found.items()}
    assert calls == {
        "crm": Stretches(2, 0, 1),
        "erp": Stretches(3, 0, 1),
        "pay": Stretches(2, 1, 1),
    }


def test_calls_before_the_window_alone_make_no_endpoint(store: Store) -> None:
    late = named("crm", window=timedelta(minutes=2), errors=ErrorRules(lasting=timedelta(hours=1)))
    store_calls(store, [some_calls(30, 5)])
    found = read(store, late)["crm"]
    assert found.endpoints == {}
    assert found.last_call == ago(30)


def test_since_when_it_fails_and_how_it_did_before(store: Store) -> None:
    before = [some_calls(minute, 100) for minute in range(10, 80)]
    isolated = [some_calls(40, 1, "server")]
    trouble = [
        some_calls(minute, n, outcome)
        for minute in range(10)
        for n, outcome in ((70, "ok"), (30, "server"))
    ]
    contacts = facts(store, [*before, *isolated, *trouble]).endpoints["contacts"]
    assert contacts.since == ago(9)
    assert contacts.before == Before(60 * 100 + 1, 1)


def test_the_history_is_read_for_what_may_fail_alone(store: Store) -> None:
    counts = [some_calls(minute, 100, endpoint=name) for minute in range(70) for name in "ab"]
    found = facts(
        store, [*counts, some_calls(1, 9, "server", "a"), some_calls(1, 10, "server", "b")]
    )
    assert found.endpoints["a"].before is None
    assert found.endpoints["b"].since == ago(1)


def test_percentiles_come_from_all_minutes_together(store: Store) -> None:
    # p99 of each minute but one is 100 ms; of all calls it is the slow minute's.
    fast = [some_calls(minute, 100) for minute in range(1, 10)]
    latency = facts(store, [*fast, some_calls(0, 85), some_calls(0, 15, ms=3000)])
    found = latency.latencies["contacts"]
    assert found.quantiles["p50"] == pytest.approx(100, rel=0.02)
    assert found.quantiles["p95"] == pytest.approx(100, rel=0.02)
    assert found.quantiles["p99"] == pytest.approx(3000, rel=0.02)
    assert found.over == {"p99": Stretches(15, 0, 15)}


def test_calls_without_an_answer_have_no_latency(store: Store) -> None:
    found = facts(
        store,
        [
            some_calls(1, 30),
            some_calls(1, 10, "not_found"),
            some_calls(1, 30, "timeout", ms=60_000),
            replace(some_calls(1, 30), bucket=-32768),
        ],
    )
    assert found.latencies["contacts"].calls.window == 40
    assert math.isclose(found.latencies["contacts"].quantiles["p99"], 100, rel_tol=0.02)


def test_slow_calls_are_counted_where_a_budget_may_be_used_up(store: Store) -> None:
    rules = LatencyRules(at_risk=0.5)
    integration = named("crm", latency=rules)
    counts = [some_calls(minute, 10, ms=1200) for minute in range(15)]
    store_calls(store, [*counts, *(some_calls(1, 9, endpoint="deals", ms=9000) for _ in "ab")])
    found = read(store, integration)["crm"].latencies
    assert found["contacts"].over == {"p95": Stretches(150, 20, 30)}
    assert found["contacts"].at_risk == {
        "p95": Stretches(150, 20, 30),
        "p99": Stretches(150, 20, 30),
    }
    assert found["deals"].over == {}
