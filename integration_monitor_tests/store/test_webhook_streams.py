"""Baselines that are learned from a real store, and verdicts from what it says of streams."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals import webhook_volume
from integration_monitor.signals.verdict import WEBHOOKS, Verdict
from integration_monitor.store import verdicts, webhook_baselines, webhook_streams
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_tables import (
    webhook_counts,
    webhook_rejections,
    webhook_subscriptions,
)
from integration_monitor_tests.webhook_examples import (
    CRM,
    NOW,
    receiver_ran,
    store_hours,
    with_rules,
)

CHANGED, CREATED = "contact.propertyChange", "contact.creation"
SINCE = NOW - timedelta(minutes=47)
"""The last event."""


def judged(store: Store, now: datetime = NOW, integration: Integration = CRM) -> Verdict:
    webhook_baselines.refresh(store, [integration], now)
    with store.begin() as connection:
        facts = webhook_streams.read(connection, [integration], now)["crm"]
    return webhook_volume.judge(facts, integration, now)


def test_one_silent_stream_is_told_with_what_was_expected(store: Store) -> None:
    receiver_ran(store, NOW - timedelta(days=2), NOW)
    store_hours(store, SINCE, {("acme", CHANGED): 20})
    store_hours(store, NOW, {("acme", CREATED): 200, ("bolt", CHANGED): 20})
    found = judged(store)
    assert (found.status, found.severity, found.tenants) == ("fail", "ticket", ("acme",))
    assert found.reason == (
        f"acme: no `{CHANGED}` for 47 min; 14.9 expected since 14:02 UTC, chance 4·10⁻⁷"
    )
    assert found.evidence[f"events_last_hour {CHANGED}"] == 40
    assert found.evidence["silent_streams"] == 1


def test_several_tenants_are_a_page(store: Store) -> None:
    receiver_ran(store, NOW - timedelta(days=2), NOW)
    store_hours(store, SINCE, {("acme", CHANGED): 20, ("bolt", CHANGED): 20})
    store_hours(store, NOW, {("cove", CHANGED): 200})
    found = judged(store)
    assert (found.status, found.severity, found.tenants) == ("fail", "page", ("acme", "bolt"))
    assert found.reason.endswith("; 2 streams are silent of 2 tenants (acme, bolt)")


def test_all_events_together_are_a_page_before_any_of_them_alone(store: Store) -> None:
    receiver_ran(store, NOW - timedelta(days=2), NOW)
    store_hours(store, SINCE, {(f"tenant-{n}", CHANGED): 4 for n in range(9)})
    found = judged(store)
    assert (found.status, found.severity) == ("fail", "page")
    assert found.reason.startswith("no event for 47 min; ")
    # At once, rather than one after the other as each one's silence grows.
    assert found.tenants == tuple(f"tenant-{n}" for n in range(9))


def test_time_without_a_receiver_is_not_the_partners_silence(store: Store) -> None:
    receiver_ran(store, NOW - timedelta(days=2), SINCE)
    receiver_ran(store, NOW - timedelta(minutes=1), NOW)
    store_hours(store, SINCE, {("acme", CHANGED): 20})
    assert judged(store).status == "ok"


def test_without_a_receiver_nothing_is_known(store: Store) -> None:
    receiver_ran(store, NOW - timedelta(days=2), SINCE)
    store_hours(store, SINCE, {("acme", CHANGED): 20})
    found = judged(store)
    assert (found.status, found.severity) == ("unknown", "ticket")
    assert "no receiver has run since 14:02 UTC" in found.reason


def test_what_the_partner_says_of_the_subscription(store: Store) -> None:
    receiver_ran(store, NOW - timedelta(days=2), NOW)
    store_hours(store, SINCE, {("acme", CHANGED): 20})
    with store.begin() as connection:
        said = {"integration": "crm", "connection": "acme", "asked_at": SINCE, "enabled": False}
        connection.execute(sa.insert(webhook_subscriptions), [said])
    said_of = "the subscription is not enabled (asked 14:02 UTC)"
    assert said_of in judged(store).reason


def event(store: Store, at: datetime, received: int = 1, tenant: str = "acme") -> None:
    row = {
        "integration": "crm", "tenant": tenant, "type": CHANGED,
        "hour": at.replace(minute=0, second=0), "received": received, "duplicates": 0,
        "first_at": at, "last_at": at,
    }  # fmt: skip
    with store.begin() as connection:
        connection.execute(sa.insert(webhook_counts), [row])


@pytest.mark.parametrize(
    ("events", "status"),
    [
        pytest.param(1, "fail", id="one event may be a test that somebody sent"),
        pytest.param(2, "ok", id="two are a recovery"),
    ],
)
def test_when_a_stream_is_well_again(store: Store, events: int, status: str) -> None:
    receiver_ran(store, NOW - timedelta(days=2), NOW)
    store_hours(store, NOW - timedelta(hours=3), {("acme", CHANGED): 20})
    event(store, NOW - timedelta(minutes=1), events)
    found = judged(store)
    assert found.status == status
    assert ("a second one is awaited" in found.reason) == (status == "fail")


def test_silence_is_not_learned_as_what_is_usual(store: Store) -> None:
    receiver_ran(store, NOW - timedelta(days=15), NOW)
    store_hours(
        store, NOW - timedelta(days=14), {("acme", CHANGED): 20}, since=NOW - timedelta(days=30)
    )
    found = judged(store)
    assert (found.status, found.severity) == ("fail", "page")
    assert found.evidence["expected_since_last"] > 5000


def test_a_new_stream_is_not_judged_without_a_heartbeat(store: Store) -> None:
    receiver_ran(store, NOW - timedelta(days=4), NOW)
    store_hours(store, SINCE, {("acme", CHANGED): 20}, since=NOW - timedelta(days=3))
    found = judged(store)
    assert (found.status, found.severity) == ("unknown", "watch")
    assert found.reason.startswith("too new to judge: 1,460 events in 3 days, of at least 30 in 14")


@pytest.mark.parametrize(("every", "status"), [(40, "fail"), (42, "ok")])
def test_a_new_stream_is_held_to_its_heartbeat(store: Store, every: int, status: str) -> None:
    receiver_ran(store, NOW - timedelta(days=4), NOW)
    store_hours(store, SINCE, {("acme", CHANGED): 20}, since=NOW - timedelta(days=3))
    rules = with_rules(every=timedelta(minutes=every), grace=timedelta(minutes=6))
    assert judged(store, integration=rules).status == status


def test_a_rare_stream_is_not_held_to_a_heartbeat_that_it_never_kept(store: Store) -> None:
    receiver_ran(store, NOW - timedelta(days=4), NOW)
    store_hours(store, NOW, {("acme", CHANGED): 20})
    for day in range(1, 5):
        event(store, NOW - timedelta(days=day), tenant="rare")
    found = judged(store, integration=with_rules(every=timedelta(hours=4)))
    assert found.status == "ok"
    assert "; 2 streams, 1 of them too new or too rare to judge" in found.reason


def test_nothing_ever_came(store: Store) -> None:
    receiver_ran(store, NOW - timedelta(hours=3), NOW)
    with store.begin() as connection:
        first = NOW - timedelta(hours=3)
        verdicts.record(connection, Verdict("crm", WEBHOOKS, "volume", "ok", "", first, NOW))
    found = judged(store)
    assert (found.status, found.reason) == (
        "unknown", "no event has come since a receiver listens for it (11:49 UTC)"
    )  # fmt: skip
    assert judged(store, integration=with_rules(every=timedelta(hours=2))).status == "fail"


def test_a_new_integration_is_not_overdue_for_what_the_receiver_heard_of_others(
    store: Store,
) -> None:
    receiver_ran(store, NOW - timedelta(days=3), NOW)
    found = judged(store, integration=with_rules(every=timedelta(hours=2)))
    assert (found.status, found.reason) == (
        "ok", "no event has come since a receiver listens for it (14:49 UTC), 0 s ago"
    )  # fmt: skip


def test_a_partial_drop_is_told(store: Store) -> None:
    receiver_ran(store, NOW - timedelta(days=2), NOW)
    dropped_at = NOW.replace(minute=0) - timedelta(hours=6)
    store_hours(store, dropped_at - timedelta(minutes=1), {("acme", CHANGED): 40})
    store_hours(store, NOW, {("acme", CHANGED): 4}, since=dropped_at)
    found = judged(store)
    assert (found.status, found.severity, found.tenants) == ("fail", "ticket", ("acme",))
    assert "event dropped to 10 % of what is usual: 24 of 240 expected since 08:00" in found.reason
    assert judged(store, NOW + timedelta(hours=1), with_rules(drop=0.0)).evidence[
        "dropped_streams"
    ] == 0  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        pytest.param("unavailable", "ok", id="we took nothing in most of each hour"),
        pytest.param("mismatch", "fail", id="they signed it with another secret"),
    ],
)
def test_what_we_turned_away_is_no_drop_and_not_learned_as_one(
    store: Store, reason: str, status: str
) -> None:
    receiver_ran(store, NOW - timedelta(days=2), NOW)
    began = NOW.replace(minute=0) - timedelta(hours=6)
    store_hours(store, began - timedelta(minutes=1), {("acme", CHANGED): 40})
    for hour in range(7):
        event(store, began + timedelta(hours=hour, minutes=3), received=4)
        rejected(store, reason, began + timedelta(hours=hour, minutes=5), 55)
    found = judged(store, NOW.replace(minute=4))
    assert found.status == status
    if reason == "mismatch":
        assert "event dropped to 10 % of what is usual" in found.reason
        assert "yet 55 requests came in the last hour that our receiver rejected" in found.reason


def rejected(store: Store, reason: str, since: datetime, minutes: int) -> None:
    """One request in each of so many minutes."""
    times = [since + timedelta(minutes=minute) for minute in range(minutes)]
    rows = [
        {
            "integration": "crm", "connection": "-", "reason": reason, "requests": 1,
            "minute": at, "first_at": at, "last_at": at,
        }
        for at in times
    ]  # fmt: skip
    with store.begin() as connection:
        connection.execute(sa.insert(webhook_rejections), rows)


def test_baselines_are_learned_once_an_hour(store: Store) -> None:
    store_hours(store, SINCE, {("acme", CHANGED): 20})
    assert webhook_baselines.refresh(store, [CRM], NOW) == 1
    assert webhook_baselines.refresh(store, [CRM], NOW + timedelta(minutes=59)) == 0
    assert webhook_baselines.refresh(store, [CRM], NOW + timedelta(minutes=60)) == 1


def test_a_stream_that_ended_long_ago_is_forgotten(store: Store) -> None:
    store_hours(store, NOW - timedelta(weeks=4), {("acme", CHANGED): 20})
    store_hours(store, NOW, {("bolt", CHANGED): 20})
    webhook_baselines.refresh(store, [CRM], NOW)
    webhook_baselines.refresh(store, [CRM], NOW + timedelta(weeks=2))
    with store.begin() as connection:
        facts = webhook_streams.read(connection, [CRM], NOW)["crm"]
    assert [stream.tenant for stream in facts.streams] == ["bolt"]
