"""Counts of accepted requests, in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from integration_monitor.ingest.receiver.accepted import AcceptedCounts
from integration_monitor.store.webhook_notes import Accepted

AT = datetime(2026, 3, 1, 12, 5, 59, 500, tzinfo=UTC)
MINUTE = AT.replace(second=0, microsecond=0)
NEXT = MINUTE + timedelta(minutes=1)


def test_each_minute_is_counted_apart_in_whichever_order_they_were_stored() -> None:
    counts = AcceptedCounts()
    for at in (AT, NEXT, AT, NEXT - timedelta(microseconds=1), NEXT):
        counts.add("shop", "-", at)
    counts.add("shop", "acme", AT)
    assert sorted(counts.take()) == [
        Accepted("shop", "-", MINUTE, 3),
        Accepted("shop", "-", NEXT, 2),
        Accepted("shop", "acme", MINUTE, 1),
    ]
    assert counts.take() == []


def test_what_could_not_be_stored_is_counted_with_what_came_since() -> None:
    counts = AcceptedCounts()
    counts.add("shop", "-", AT)
    taken = counts.take()
    counts.add("shop", "-", AT)
    counts.give_back(taken)
    counts.add("shop", "-", AT)
    assert counts.take() == [Accepted("shop", "-", MINUTE, 3)]
