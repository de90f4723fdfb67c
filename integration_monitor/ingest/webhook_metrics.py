"""What Prometheus reads of webhooks.

Counters begin anew at midnight UTC: their hours expire, and a counter may sink only to begin anew,
which `rate()` knows how to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from integration_monitor.manifest.domain import Fleet
from integration_monitor.signals.webhook_facts import Waiting
from integration_monitor.store import webhook_totals, webhook_waiting
from integration_monitor.store.webhook_totals import Totals


@dataclass(frozen=True)
class WebhooksNow:
    """Of each integration that declares webhooks."""

    totals: Mapping[str, Totals]
    """Since midnight UTC."""
    waiting: Mapping[str, Mapping[str, Waiting]]


NO_WEBHOOKS = WebhooksNow({}, {})


def read_webhooks(connection: sa.Connection, fleet: Fleet, now: datetime) -> WebhooksNow:
    """Read it from the store."""
    names = [each.name for each in fleet.integrations if each.webhooks]
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return WebhooksNow(
        webhook_totals.read(connection, names, midnight), webhook_waiting.read(connection, names)
    )


def webhook_families(now: WebhooksNow, at: datetime) -> Iterator[Metric]:
    """The metrics with their values. Pure."""
    received = _counter("received", "Webhook events that were acknowledged and new.", "integration")
    duplicates = _counter("duplicates", "Webhook events that had come before.", "integration")
    rejected = _counter(
        "rejected", "Webhook requests that were turned away.", "integration", "reason"
    )
    backlog = _gauge("backlog", "Webhook events that are not processed.")
    oldest = _gauge(
        "oldest_seconds", "How long the oldest webhook event waits that was never tried."
    )
    for name, totals in now.totals.items():
        received.add_metric([name], totals.received)
        duplicates.add_metric([name], totals.duplicates)
        for reason, requests in totals.rejected.items():
            rejected.add_metric([name, reason], requests)
        waiting = now.waiting.get(name, {}).values()
        backlog.add_metric([name], sum(each.events for each in waiting))
        since = [each.oldest for each in waiting if each.oldest is not None]
        oldest.add_metric([name], (at - min(since)).total_seconds() if since else 0.0)
    yield from (received, duplicates, rejected, backlog, oldest)


def _counter(name: str, says: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"integration_monitor_webhooks_{name}", says, labels=labels)


def _gauge(name: str, says: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"integration_monitor_webhooks_{name}", says, labels=["integration"])
