"""Taking events: those that two receivers stored at one moment are flagged."""

from __future__ import annotations

import pytest

from integration_monitor.store import webhook_queue
from integration_monitor.store.engine import Store
from integration_monitor_tests.webhook_rows import an_event, store_webhooks


def take(store: Store) -> dict[int, bool]:
    """The events that are taken, and whether each is flagged."""
    with store.begin() as connection:
        return {event.id: event.conflicting for event in webhook_queue.take(connection, "crm", 10)}


@pytest.mark.parametrize("queued", [(False, False), (True, False), (False, True)])
def test_of_one_id_with_two_bodies_one_is_flagged(store: Store, queued: tuple[bool, bool]) -> None:
    first, second = (
        {**an_event(9 - n, took=None, queued=known), "event_id": "e1"}
        for n, known in enumerate(queued)
    )
    other = an_event(5, took=None, queued=False)
    store_webhooks(store, events=[first, second, other])
    expected = {
        (False, False): {first["id"]: False, second["id"]: True},
        (True, False): {second["id"]: True},
        (False, True): {first["id"]: True},
    }
    assert take(store) == {**expected[queued], other["id"]: False}


def test_the_one_that_stands_may_be_read_again(store: Store) -> None:
    first, flagged = (
        {**an_event(9, took=None, queued=known), "event_id": "e1", "conflicting": known}
        for known in (False, True)
    )
    store_webhooks(store, events=[first, flagged])
    assert take(store) == {first["id"]: False}
