"""Facts about webhooks, from rows as the receiver and the workers write them."""

from __future__ import annotations

import pytest

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.webhook_facts import Handed, Rejected, Waiting, WebhookFacts
from integration_monitor.store import webhook_facts
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_tables import receiver_minutes
from integration_monitor_tests.webhook_rows import (
    CRM,
    NOW,
    RULES,
    a_delivery,
    a_rejection,
    accepted,
    ago,
    an_event,
    named,
    store_webhooks,
)


def read(store: Store, *integrations: Integration) -> dict[str, WebhookFacts]:
    with store.begin() as connection:
        return dict(webhook_facts.read(connection, integrations or (CRM,), NOW))


def test_lags_are_those_of_the_window_by_tenant_too(store: Store) -> None:
    store_webhooks(
        store,
        events=[
            *(an_event(60 + n, tenant="acme") for n in range(18)),
            an_event(100, late_by=90, tenant="globex"),
            an_event(200, late_by=200, took=50, tenant="globex"),
            an_event(4000, late_by=900, tenant="old"),
            an_event(60, late_by=900, integration="other"),
        ],
    )
    facts = read(store)["crm"]
    arrival, processing = facts.arrival.whole, facts.processing.whole
    assert arrival is not None
    assert processing is not None
    assert facts.events == arrival.events.window == 20
    assert (arrival.late.window, arrival.p50, arrival.p95, arrival.least) == (2, 1, 90, 1)
    assert (arrival.late.older, arrival.late.newer) == (1, 1)
    assert list(facts.arrival.tenants) == ["globex"]
    assert facts.arrival.tenants["globex"].events.window == 2
    assert (processing.late.window, processing.p95) == (1, 1)


def test_what_waits_to_be_processed_is_as_late_as_it_waits(store: Store) -> None:
    store_webhooks(store, events=[an_event(600, took=None), an_event(600, took=None, state="dead")])
    processing = read(store)["crm"].processing.whole
    assert processing is not None
    assert (processing.events.window, processing.p95) == (1, 600)


def test_an_event_that_was_replayed_is_not_late_for_it(store: Store) -> None:
    store_webhooks(
        store,
        events=[
            an_event(600),
            an_event(600, took=590, replayed_ago=11),
            an_event(600, took=None, replayed_ago=1),
        ],
    )
    facts = read(store)["crm"]
    arrival, processing = facts.arrival.whole, facts.processing.whole
    assert arrival is not None
    assert processing is not None
    assert (facts.events, arrival.events.window) == (3, 3)
    assert (processing.events.window, processing.late.window, processing.p95) == (1, 0, 1)


def test_times_that_are_not_known_or_lie_ahead_are_told_apart(store: Store) -> None:
    store_webhooks(
        store,
        events=[
            an_event(60, late_by=None),
            *(an_event(60, late_by=-seconds) for seconds in (5, 500, 600, 700)),
        ],
    )
    facts = read(store)["crm"]
    arrival = facts.arrival.whole
    assert arrival is not None
    assert (facts.events, arrival.events.window, arrival.p95, arrival.least) == (5, 4, 0, 0)
    assert (facts.ahead, facts.ahead_by) == (3, 600)


def test_requests_are_counted_by_connection_and_new_reasons_told(store: Store) -> None:
    store_webhooks(
        store,
        events=[
            # Two requests with a list of five each, and three with one event each.
            *(an_event(60, request_id=1 + n // 5, connection="acme") for n in range(10)),
            *(an_event(200, connection="acme") for _ in range(3)),
            an_event(1200, connection="acme"),
        ],
        rejections=[
            a_rejection(30, 4, connection="acme"),
            a_rejection(240, 2, connection="acme"),
            a_rejection(90_000, 1, connection="globex"),
            a_rejection(1200, 1, "timestamp"),
            a_rejection(40, 1, "missing_header", connection="made-up"),
        ],
    )
    facts = read(store)["crm"]
    assert facts.first_seen == {"missing_header": ago(40), "timestamp": ago(1200)}
    assert sorted(facts.connections) == ["acme", "made-up"]
    acme = facts.connections["acme"]
    assert acme.accepted == Stretches(5, 3, 2)
    assert acme.rejected == {"mismatch": Rejected(Stretches(6, 2, 4), ago(30))}
    assert acme.is_known
    assert not facts.connections["made-up"].is_known


def test_repeats_are_requests_that_were_accepted(store: Store) -> None:
    store_webhooks(
        store,
        # Of two that are stored one is not counted yet; one minute has repeats alone.
        events=[an_event(25, connection="acme") for _ in range(2)],
        requests=[
            *(accepted(seconds, 1, "acme") for seconds in (0, 240)),
            accepted(600, 4, "acme"),
            accepted(3600, 9, "acme"),
            accepted(60, 3, "globex"),
            accepted(60, 3, integration="other"),
        ],
    )
    connections = read(store)["crm"].connections
    assert {name: each.accepted for name, each in connections.items()} == {
        "acme": Stretches(6, 1, 2),
        "globex": Stretches(3, 0, 3),
    }


def test_deliveries_that_are_tried_again_have_failed_so_far(store: Store) -> None:
    fine, again, dead = (an_event(200, tenant="acme", took=None) for _ in range(3))
    untried, overdue = (an_event(ago, tenant="acme", took=None) for ago in (20, 180))
    old_waits, old_dead = an_event(100_000), an_event(100_000)
    unreadable = an_event(10, state="dead", took=None)
    store_webhooks(
        store,
        events=[fine, again, untried, overdue, dead, old_waits, old_dead, unreadable],
        deliveries=[
            a_delivery(fine),
            a_delivery(again, "waiting"),
            *(a_delivery(each, "waiting", attempts=0) for each in (untried, overdue)),
            a_delivery(dead, "dead"),
            a_delivery(old_waits, "waiting", attempts=9),
            a_delivery(old_dead, "dead", attempts=9),
        ],
    )
    facts = read(store)["crm"]
    sink = facts.sinks["product"]
    assert sink.error == "503 Service Unavailable"
    acme = sink.tenants["acme"]
    assert (acme.tried, acme.failed) == (Stretches(4, 4, 0), Stretches(3, 3, 0))
    assert (acme.retried, acme.dead) == (1, 1)
    assert sink.tenants["-"].retried == 1
    assert facts.unprocessable == {
        "-": Handed(Stretches(1, 0, 1), Stretches(1, 0, 1), dead=1),
        "acme": Handed(Stretches(5, 4, 1)),
    }


def test_what_could_not_be_read_is_one_of_all_that_was(store: Store) -> None:
    store_webhooks(
        store,
        events=[
            *(an_event(10, state="dead") for _ in range(3)),
            *(an_event(10, tenant="acme") for _ in range(5)),
            an_event(1000, tenant="acme", took=None, queued=False, replayed_ago=5),
            an_event(10, tenant="acme", took=None, queued=False),
            an_event(100_000, tenant="acme"),
            an_event(10, integration="shop"),
        ],
    )
    facts = read(store, CRM, named("shop"))
    assert facts["crm"].unprocessable == {
        "-": Handed(Stretches(3, 0, 3), Stretches(3, 0, 3), dead=3),
        "acme": Handed(Stretches(6, 0, 5)),
    }
    assert facts["shop"].unprocessable == {}


def test_the_backlog_is_what_nobody_tried_yet(store: Store) -> None:
    new, again = an_event(30, took=None, queued=False), an_event(900, took=None)
    unread = an_event(400, took=None, queued=False)
    store_webhooks(
        store,
        events=[an_event(50, took=10), new, again, unread],
        deliveries=[a_delivery(again, "waiting")],
    )
    facts = read(store)["crm"]
    assert facts.waiting == {"-": Waiting(3, ago(400), retried=1)}
    assert facts.last_processed == ago(40)


def test_what_was_replayed_has_waited_since_then(store: Store) -> None:
    days_old = an_event(200_000, took=None, queued=False, replayed_ago=40)
    store_webhooks(store, events=[days_old, an_event(30, took=None, queued=False)])
    assert read(store)["crm"].waiting == {"-": Waiting(2, ago(40))}


def test_of_an_integration_without_events_nothing_is_known(store: Store) -> None:
    nothing = WebhookFacts("shop", RULES, is_heard=False)
    assert read(store, CRM, named("shop"))["shop"] == nothing


def test_a_receiver_that_ran_a_moment_ago_hears(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(receiver_minutes.insert(), {"minute": ago(90)})
    assert read(store, CRM)["crm"].is_heard


def test_only_the_newest_events_are_looked_at(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_webhooks(store, events=[an_event(60 - n) for n in range(50)])
    monkeypatch.setattr(webhook_facts, "MOST", 20)
    assert read(store)["crm"].events == 20
