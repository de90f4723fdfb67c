"""What is let go of webhooks, and what never is."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from integration_monitor.manifest.domain import Retention
from integration_monitor.store import delete_old
from integration_monitor.store.delete_old import Deleted
from integration_monitor.store.engine import Store
from integration_monitor.store.keep_webhooks import count_old_webhooks, keep_webhooks
from integration_monitor.store.webhook_tables import (
    receiver_minutes,
    webhook_accepted,
    webhook_counts,
    webhook_deliveries,
    webhook_events,
    webhook_objects,
    webhook_rejections,
    webhook_requests,
)
from integration_monitor_tests.webhook_rows import (
    NOW,
    a_count,
    a_delivery,
    a_rejection,
    accepted,
    an_event,
    store_webhooks,
)

DAY_S = 86_400
RETENTION = Retention(webhooks=timedelta(days=30), gaps=timedelta(days=100))


def kept(store: Store) -> Deleted:
    return keep_webhooks(store, RETENTION, now=NOW, enough=lambda: False)


def ids(store: Store, column: sa.Column[int]) -> set[int]:
    with store.begin() as connection:
        return set(connection.execute(sa.select(column)).scalars())


def test_only_what_reached_its_sinks_goes(store: Store) -> None:
    def old(state: str, days: int = 31) -> dict[str, object]:
        return an_event(days * DAY_S, state=state)

    done, new, waits, unprocessed = old("processed"), old("processed", 29), old("dead", 101), (
        old("received", 400)
    )  # fmt: skip
    dead, old_dead = old("dead", 99), old("dead", 101)
    events = [done, new, waits, unprocessed, dead, old_dead]
    deliveries = [
        *(a_delivery(each) for each in (done, new, dead, old_dead)),
        a_delivery(waits, "waiting"),
        a_delivery(waits, "dead", sink="other"),
    ]
    store_webhooks(store, events=events, deliveries=deliveries)
    with store.begin() as connection:
        assert count_old_webhooks(connection, RETENTION, NOW) == 4
    assert kept(store) == Deleted(4, complete=True)
    left = {each["id"] for each in (new, waits, unprocessed, dead)}
    assert ids(store, webhook_events.c.id) == left
    assert ids(store, webhook_deliveries.c.event) == left - {unprocessed["id"]}
    assert kept(store).rows == 0


def test_a_body_stays_as_long_as_an_event_of_it(store: Store) -> None:
    at = NOW - timedelta(days=31)
    bodies = [{"id": number, "received_at": at, "body": b"[]"} for number in (1, 2)]
    with store.begin() as connection:
        connection.execute(webhook_requests.insert(), bodies)
    store_webhooks(
        store,
        events=[
            an_event(31 * DAY_S, request_id=1),
            an_event(31 * DAY_S, request_id=2),
            an_event(31 * DAY_S, request_id=2, state="dead"),
        ],
    )
    kept(store)
    assert ids(store, webhook_requests.c.id) == {2}


def test_counts_are_kept_as_long_as_they_are_learned_from(store: Store) -> None:
    week = 7 * 24
    store_webhooks(
        store,
        counts=[a_count(hours, 1) for hours in (9 * week, 11 * week)],
        rejections=[
            *(a_rejection(days * DAY_S, 1) for days in (29, 31)),
            # As minutes without a receiver are.
            *(a_rejection(weeks * 7 * DAY_S, 1, "unavailable") for weeks in (9, 11)),
        ],
        requests=[accepted(days * DAY_S, 1) for days in (29, 31)],
    )
    minutes = [NOW.replace(second=0) - timedelta(weeks=weeks) for weeks in (9, 11)]
    newest = {"integration": "crm", "tenant": "-", "kind": "contact", "event": 1}
    with store.begin() as connection:
        connection.execute(receiver_minutes.insert(), [{"minute": each} for each in minutes])
        objects = [
            {**newest, "object_id": str(days), "occurred_at": NOW - timedelta(days=days)}
            for days in (29, 31)
        ]
        connection.execute(webhook_objects.insert(), objects)
    assert kept(store).rows == 6
    with store.begin() as connection:
        for table, left in (
            (webhook_counts, 1), (webhook_rejections, 2), (receiver_minutes, 1),
            (webhook_objects, 1), (webhook_accepted, 1),
        ):  # fmt: skip
            query = sa.select(sa.func.count()).select_from(table)
            assert connection.execute(query).scalar_one() == left


def test_it_goes_on_where_there_was_no_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delete_old, "BATCH", 2)
    store_webhooks(store, rejections=[a_rejection((31 + n) * DAY_S, 1) for n in range(5)])
    turns = iter([False] * 6 + [True] * 20)
    some = keep_webhooks(store, RETENTION, now=NOW, enough=lambda: next(turns))
    assert some == Deleted(4, complete=False)
    assert kept(store) == Deleted(1, complete=True)
