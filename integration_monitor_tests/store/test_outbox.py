from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from integration_monitor.store import incidents, outbox
from integration_monitor.store.engine import Store
from integration_monitor_tests.incidents.examples import at
from integration_monitor_tests.store.test_incidents import INCIDENT

MINUTE = timedelta(minutes=1)


@pytest.fixture
def incident_id(store: Store) -> int:
    with store.begin() as connection:
        return incidents.save(connection, INCIDENT).stored_id


def add(connection: sa.Connection, incident_id: int, key: str, channel: str = "oncall") -> None:
    outbox.add(
        connection,
        dedup_key=key,
        incident_id=incident_id,
        channel=channel,
        reason="opened",
        alert={"summary": key},
        at=at(0),
    )


def take(store: Store, minutes: float, channel: str = "oncall") -> outbox.Queued | None:
    with store.begin() as connection:
        return outbox.lease(connection, channel, at(minutes), MINUTE)


def test_an_alert_is_queued_once(store: Store, incident_id: int) -> None:
    with store.begin() as connection:
        add(connection, incident_id, "a")
        add(connection, incident_id, "a")
        (queued,) = outbox.undelivered(connection)
        assert outbox.told(connection, incident_id) == {"oncall"}
        assert outbox.told(connection, incident_id + 1) == frozenset()
    assert (queued.alert, queued.attempts, queued.error) == ({"summary": "a"}, 0, None)


def test_a_lease_ends(store: Store, incident_id: int) -> None:
    with store.begin() as connection:
        add(connection, incident_id, "a")
    assert take(store, 0) is not None
    assert take(store, 0.9) is None
    assert take(store, 1) is not None


def test_an_uncommitted_lease_is_skipped_not_waited_for(store: Store, incident_id: int) -> None:
    with store.begin() as connection:
        add(connection, incident_id, "a")
    with store.begin() as connection:
        assert outbox.lease(connection, "oncall", at(0), MINUTE) is not None
        assert take(store, 0) is None


def test_a_later_alert_waits_for_the_earlier_one(store: Store, incident_id: int) -> None:
    with store.begin() as connection:
        add(connection, incident_id, "first")
        add(connection, incident_id, "second")
        add(connection, incident_id, "other channel", "queue")
    first = take(store, 0)
    assert first is not None
    assert take(store, 0) is None
    assert take(store, 0, "queue") is not None
    with store.begin() as connection:
        outbox.mark_failed(connection, first.id, "HTTP 500", at(5))
    assert take(store, 4) is None
    again = take(store, 5)
    assert again is not None
    assert (again.dedup_key, again.attempts, again.error) == ("first", 1, "HTTP 500")
    with store.begin() as connection:
        outbox.mark_sent(connection, first.id, at(5))
    second = take(store, 5)
    assert second is not None
    assert second.dedup_key == "second"


def test_only_channels_with_something_due_are_named(store: Store, incident_id: int) -> None:
    with store.begin() as connection:
        add(connection, incident_id, "a")
        add(connection, incident_id, "b", "queue")
    queued = take(store, 0, "queue")
    assert queued is not None
    with store.begin() as connection:
        outbox.mark_sent(connection, queued.id, at(0))
        assert outbox.due_channels(connection, at(0)) == ("oncall",)
        assert outbox.due_channels(connection, at(-1)) == ()
        # A late failure does not take back what was sent.
        outbox.mark_failed(connection, queued.id, "late", at(9))
        assert [each.channel for each in outbox.undelivered(connection)] == ["oncall"]
