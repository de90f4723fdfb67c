"""Webhooks and integrations for the tests of what is judged of them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from integration_monitor.manifest.domain import Integration, Owner, Reference
from integration_monitor.manifest.webhooks import HttpSink, Webhooks
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_tables import (
    webhook_accepted,
    webhook_counts,
    webhook_deliveries,
    webhook_events,
    webhook_rejections,
)

NOW = datetime(2026, 3, 1, 14, 20, 30, tzinfo=UTC)
RULES = Webhooks(
    signature="github",
    secrets=(Reference("HOOK_SECRET"),),
    occurred_at="occurredAt",
    sinks={"product": HttpSink("http://127.0.0.1:1/events")},
)
CRM = Integration(
    name="crm",
    owner=Owner("Owner of crm", "crm@example.com"),
    file="crm.yaml",
    title="CRM",
    webhooks=RULES,
)
_ids = itertools.count(1)


def named(name: str, **rules: Any) -> Integration:
    """An integration of another name, with other rules."""
    return replace(CRM, name=name, webhooks=replace(RULES, **rules))


def ago(seconds: float) -> datetime:
    """So long before `NOW`."""
    return NOW - timedelta(seconds=seconds)


def an_event(
    received_ago: float,
    *,
    late_by: float | None = 1.0,
    took: float | None = 1.0,
    integration: str = "crm",
    connection: str = "-",
    tenant: str = "-",
    state: str | None = None,
    queued: bool = True,
    replayed_ago: float | None = None,
    request_id: int | None = None,
) -> dict[str, object]:
    """An event that came so many seconds ago, `late_by` after it occurred, processed in `took`."""
    received_at = ago(received_ago)
    number = next(_ids)
    return {
        "id": number,
        "integration": integration,
        "connection": connection,
        "event_id": f"event-{number}",
        "digest": number.to_bytes(8),
        "type": "contact.updated",
        "tenant": tenant,
        "occurred_at": None if late_by is None else received_at - timedelta(seconds=late_by),
        "received_at": received_at,
        "headers": {},
        "body": b"{}",
        "request_id": request_id,
        "state": state or ("received" if took is None else "processed"),
        "queued_at": received_at if queued else None,
        "processed_at": None if took is None else received_at + timedelta(seconds=took),
        "replayed_at": None if replayed_ago is None else ago(replayed_ago),
    }


def a_delivery(
    event: dict[str, object], state: str = "delivered", *, sink: str = "product", attempts: int = 1
) -> dict[str, object]:
    """What became of an event at a sink."""
    return {
        "event": event["id"],
        "sink": sink,
        "integration": event["integration"],
        "state": state,
        "attempts": attempts,
        "waiting_since": event["received_at"],
        "next_attempt_at": NOW,
        "error": None if state == "delivered" else "503 Service Unavailable",
    }


def a_count(hours_ago: int, received: int, duplicates: int = 0, **values: Any) -> dict[str, object]:
    """Events of an hour."""
    hour = NOW.replace(minute=0, second=0) - timedelta(hours=hours_ago)
    given = {"integration": "crm", "tenant": "-", "type": "contact.updated", **values}
    counts = {"received": received, "duplicates": duplicates, "first_at": hour, "last_at": hour}
    return {**given, "hour": hour, **counts}


def a_rejection(
    seconds_ago: float, requests: int, reason: str = "mismatch", **values: Any
) -> dict[str, object]:
    """Requests that were rejected, all at one time."""
    at = ago(seconds_ago)
    given = {"integration": "crm", "connection": "-", "reason": reason, "requests": requests}
    minute = at.replace(second=0)
    return {**given, "minute": minute, "first_at": at, "last_at": at, **values}


def accepted(
    seconds_ago: float, requests: int, connection: str = "-", *, integration: str = "crm"
) -> dict[str, object]:
    """Requests that were acknowledged in one minute, be they repeats."""
    whose = {"integration": integration, "connection": connection}
    return {**whose, "minute": ago(seconds_ago).replace(second=0), "requests": requests}


def store_webhooks(
    store: Store,
    *,
    events: list[dict[str, object]] | None = None,
    deliveries: list[dict[str, object]] | None = None,
    counts: list[dict[str, object]] | None = None,
    rejections: list[dict[str, object]] | None = None,
    requests: list[dict[str, object]] | None = None,
) -> None:
    """Put them where the receiver and the workers put them."""
    tables = {
        webhook_events: events,
        webhook_deliveries: deliveries,
        webhook_counts: counts,
        webhook_rejections: rejections,
        webhook_accepted: requests,
    }
    with store.begin() as connection:
        for table, rows in tables.items():
            if rows:
                connection.execute(table.insert(), rows)
