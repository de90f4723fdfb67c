"""Streams of webhooks for the tests of what is judged of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration, Owner
from integration_monitor.manifest.webhooks import VolumeRules, Webhooks
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_tables import receiver_minutes, webhook_counts

NOW = datetime(2026, 3, 4, 14, 49, tzinfo=UTC)
"""A Wednesday."""
CRM = Integration(
    name="crm",
    owner=Owner("Owner of crm", "crm@example.com"),
    file="crm.yaml",
    title="CRM",
    webhooks=Webhooks(signature="github", secrets=()),
)


def with_rules(**rules: Any) -> Integration:
    """The integration with other rules of its volume."""
    assert CRM.webhooks
    return replace(CRM, webhooks=replace(CRM.webhooks, volume=VolumeRules(**rules)))


def store_hours(
    store: Store,
    until: datetime,
    each: Mapping[tuple[str, str], int],
    *,
    since: datetime | None = None,
    hours: Iterable[int] = range(24),
    integration: str = "crm",
) -> None:
    """So many events in each such hour of each day, by tenant and type, evenly spread.

    The last one comes at `until`; five weeks of them.
    """
    start = (since or until - timedelta(weeks=5)).replace(minute=0, second=0, microsecond=0)
    rows = []
    while start <= until:
        end = min(start + timedelta(minutes=59), until)
        if start.hour in hours:
            rows += [
                {
                    "integration": integration, "tenant": tenant, "type": kind, "hour": start,
                    "received": received, "duplicates": 0,
                    "first_at": min(start + timedelta(minutes=1), until), "last_at": end,
                }
                for (tenant, kind), received in each.items()
            ]  # fmt: skip
        start += timedelta(hours=1)
    with store.begin() as connection:
        connection.execute(sa.insert(webhook_counts), rows)


def receiver_ran(store: Store, since: datetime, until: datetime) -> None:
    """A receiver was up in each minute, both ends included."""
    start, minutes = since.replace(second=0, microsecond=0), []
    while start <= until:
        minutes.append({"minute": start})
        start += timedelta(minutes=1)
    with store.begin() as connection:
        connection.execute(sa.insert(receiver_minutes), minutes)
