"""Tenants and limits from a real store."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from integration_monitor.signals.call_facts import CallFacts, Stretches
from integration_monitor.store import call_facts, calls
from integration_monitor.store.call_batch import Batch, CallCount, RateLimit
from integration_monitor.store.call_tenants import Followed
from integration_monitor.store.engine import Store
from integration_monitor_tests.call_examples import CRM, NOW, ago, named, some_calls, store_calls


def read(store: Store, followed: Followed | None = None) -> dict[str, CallFacts]:
    return call_facts.read(store, (CRM, named("erp")), NOW, followed or {})


def test_all_calls_of_failing_tenants_are_counted_and_nobody_elses(store: Store) -> None:
    for _ in "ab":
        store_calls(
            store,
            [
                some_calls(1, 5, tenant="acme"),
                some_calls(1, 2, "server", tenant="acme"),
                some_calls(7, 4, endpoint="deals", tenant="acme"),
                some_calls(1, 5, tenant="bolt"),
                some_calls(1, 50, "not_found", tenant="bolt"),
            ],
        )
    found = read(store)
    assert found["erp"].tenants == {}
    assert set(found["crm"].tenants) == {"acme"}
    assert found["crm"].tenants["acme"].endpoints == {
        "contacts": {"ok": Stretches(10, 0, 10), "server": Stretches(4, 0, 4)},
        "deals": {"ok": Stretches(8, 0, 0)},
    }


@pytest.mark.parametrize(
    ("failed", "outcome", "is_read"),
    [(2, "server", False), (3, "server", True), (1, "auth_expired", True), (9, "conflict", False)],
)
def test_few_failures_are_not_looked_into(
    store: Store, failed: int, outcome: str, is_read: bool
) -> None:
    store_calls(store, [some_calls(1, failed, outcome, tenant="acme")])
    assert ("acme" in read(store)["crm"].tenants) is is_read


def test_failures_before_the_window_do_not_count(store: Store) -> None:
    store_calls(
        store, [some_calls(15, 9, "server", tenant="acme"), some_calls(1, 9, tenant="acme")]
    )
    assert read(store)["crm"].tenants == {}


def test_who_is_followed_is_counted_without_failures(store: Store) -> None:
    store_calls(store, [some_calls(1, 5, tenant="acme"), some_calls(20, 5, tenant="bolt")])
    followed = {"crm": ["acme", "bolt", "corp"], "gone": ["acme"]}
    assert set(read(store, followed)["crm"].tenants) == {"acme"}


def test_since_when_a_tenant_is_broken(store: Store) -> None:
    before = [some_calls(minute, 5, tenant="acme") for minute in range(20, 60)]
    broken = [some_calls(minute, 5, "bad_request", tenant="acme") for minute in range(20)]
    now_and_then = [some_calls(minute, 1, "server", tenant="bolt") for minute in range(14)]
    well = [some_calls(minute, 9, tenant="bolt") for minute in range(14)]
    store_calls(store, [*before, *broken, *now_and_then, *well])
    found = read(store)["crm"].tenants
    assert found["acme"].since == ago(19)
    assert found["bolt"].since is None


def limit(
    tenant: str = "acme",
    remaining: int | None = 50,
    of: int | None = 100,
    *,
    reset_in: float | None = 60,
    window_s: float | None = None,
    seen_ago: float = 5,
    policy: str = "daily",
) -> RateLimit:
    reset_at = None if reset_in is None else NOW + timedelta(seconds=reset_in)
    seen_at: datetime = NOW - timedelta(seconds=seen_ago)
    return RateLimit("crm", tenant, policy, of, remaining, reset_at, window_s, seen_at)


def store_limits(store: Store, *limits: RateLimit) -> None:
    counts: tuple[CallCount, ...] = (some_calls(1, 1),)
    calls.add(store, Batch("limits", "worker-1", counts, rate_limits=limits), now=NOW)


@pytest.mark.parametrize(
    ("known", "holds"),
    [
        (limit(), True),
        (limit(reset_in=-1), False),
        (limit(reset_in=None, window_s=10), True),
        (limit(reset_in=None, window_s=4), False),
        (limit(reset_in=None, seen_ago=14 * 60), True),
        (limit(reset_in=None, seen_ago=16 * 60), False),
        (limit(remaining=None), False),
        (limit(of=None), False),
        (limit(of=0), False),
    ],
)
def test_which_limits_still_hold(store: Store, known: RateLimit, holds: bool) -> None:
    store_limits(store, known)
    assert bool(read(store)["crm"].limits) is holds


def test_the_tightest_tenant_of_each_policy_and_all_that_are_low(store: Store) -> None:
    store_limits(
        store,
        limit("acme", 9),
        limit("bolt", 3, 50),
        limit("corp", 10),
        limit("dyne", -1, reset_in=-1),
        limit("acme", 40, policy="burst"),
    )
    burst, daily = read(store)["crm"].limits
    assert (burst.policy, burst.headroom, burst.low) == ("burst", 0.4, ())
    assert (daily.tenant, daily.remaining, daily.limit) == ("bolt", 3, 50)
    assert daily.low == ("acme", "bolt")
    assert daily.reset_at == NOW + timedelta(seconds=60)
