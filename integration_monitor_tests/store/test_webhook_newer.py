"""Events that came since others were late, from rows as the receiver and the workers write them."""

from __future__ import annotations

from datetime import timedelta

from integration_monitor.signals.webhook_lag_hold import Newer, NewerEvents
from integration_monitor.store import webhook_newer
from integration_monitor.store.engine import Store
from integration_monitor_tests.webhook_rows import NOW, ago, an_event, store_webhooks

HELD = {"crm": webhook_newer.Held(timedelta(seconds=30), ago(1000))}


def test_events_in_time_count_from_the_last_late_one_on(store: Store) -> None:
    store_webhooks(
        store,
        events=[
            an_event(2000, tenant="old"),
            an_event(900, tenant="acme"),
            an_event(800, tenant="globex", late_by=90),
            an_event(700, tenant="globex"),
            an_event(600, tenant="acme", took=45),
            an_event(500, tenant="acme", late_by=None),  # nobody knows when it occurred
            an_event(400, tenant="acme", late_by=-500),  # a clock that is ahead
            an_event(20, tenant="acme", took=None),  # not processed, and not late yet
            *(an_event(30, tenant="acme", late_by=None, took=n, replayed_ago=25) for n in (5, 29)),
            an_event(300, tenant="acme", late_by=None, took=290, replayed_ago=25),
            an_event(60, integration="other"),
        ],
    )
    with store.begin() as connection:
        found = webhook_newer.read(connection, HELD, 0, NOW)
    assert found == {
        "crm": NewerEvents(
            Newer(ago(20), {"arrival": 3, "processing": 2}),
            {
                "acme": Newer(ago(20), {"arrival": 3, "processing": 2}),
                "globex": Newer(ago(700), {"arrival": 1, "processing": 2}),
            },
        )
    }


def test_where_nothing_is_held_or_nothing_came_nothing_is_found(store: Store) -> None:
    with store.begin() as connection:
        assert webhook_newer.read(connection, {}, 0, NOW) == {}
        assert webhook_newer.read(connection, HELD, 0, NOW) == {}
