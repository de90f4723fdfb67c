"""Putting events back: it is known when, so that nobody takes it for a delay."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from integration_monitor.signals import webhook_backlog, webhook_lag
from integration_monitor.store import webhook_facts, webhook_queue, webhook_replay
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_queue import Read
from integration_monitor.store.webhook_tables import receiver_minutes, webhook_events
from integration_monitor_tests.webhook_rows import (
    CRM,
    NOW,
    a_delivery,
    ago,
    an_event,
    store_webhooks,
)


def replay(store: Store, now: datetime) -> int:
    with store.begin() as connection:
        return webhook_replay.replay(connection, now)


def replayed(store: Store) -> list[datetime | None]:
    query = sa.select(webhook_events.c.replayed_at).order_by(webhook_events.c.id)
    with store.begin() as connection:
        return list(connection.execute(query).scalars())


def process(store: Store, now: datetime) -> None:
    """Read all that waits; no sink gets it."""
    with store.begin() as connection:
        read = [
            Read(
                event.id, event.type, event.tenant, event.object_id, event.order_key,
                event.occurred_at, None,
            )
            for event in webhook_queue.take(connection, "crm", 100)
        ]  # fmt: skip
        webhook_queue.queue(connection, "crm", read, (), now)


def judged(store: Store, now: datetime) -> dict[str, str]:
    with store.begin() as connection:
        facts = webhook_facts.read(connection, [CRM], now)["crm"]
    return {
        each.SIGNAL: each.judge(facts, CRM, now).status for each in (webhook_lag, webhook_backlog)
    }


def test_what_was_read_says_when_it_was_put_back(store: Store) -> None:
    processed, dead = an_event(600), an_event(500, state="dead")
    unread, refused = an_event(400, took=None, queued=False), an_event(300, took=None)
    store_webhooks(
        store,
        events=[processed, dead, unread, refused],
        deliveries=[a_delivery(refused, "waiting")],
    )
    for now in (NOW, NOW + timedelta(minutes=1)):  # twice is the same as once
        assert replay(store, now) == 4
        assert replayed(store) == [NOW, NOW, None, NOW]


def test_what_is_replayed_again_after_it_was_read_waits_since_then(store: Store) -> None:
    store_webhooks(store, events=[an_event(600)])
    replay(store, ago(60))
    process(store, ago(59))
    replay(store, NOW)
    assert replayed(store) == [NOW]


def test_a_replay_is_no_delay(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(receiver_minutes.insert(), {"minute": ago(60)})
    store_webhooks(
        store,
        events=[
            *(an_event(1500 - n) for n in range(30)),
            *(an_event(1400 - n, state="dead") for n in range(30)),
        ],
    )
    well = {"ingestion_lag": "ok", "backlog": "ok"}
    assert judged(store, NOW) == well
    assert replay(store, NOW) == 60
    assert judged(store, NOW + timedelta(seconds=20)) == well
    process(store, NOW + timedelta(seconds=40))
    assert judged(store, NOW + timedelta(seconds=50)) == well
