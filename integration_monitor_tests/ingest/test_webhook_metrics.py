"""What Prometheus reads of webhooks."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families as parse
from prometheus_client.registry import Collector

from integration_monitor.ingest.metrics import families, read_fleet
from integration_monitor.manifest.domain import Fleet
from integration_monitor.store.engine import Store
from integration_monitor_tests.webhook_rows import (
    CRM,
    NOW,
    a_count,
    a_rejection,
    an_event,
    named,
    store_webhooks,
)


class _Found(Collector):
    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self):  # type: ignore[no-untyped-def]
        fleet = Fleet("integrations", (CRM, named("shop")))
        return families(read_fleet(self._store, fleet, NOW))


def test_what_came_today_and_what_waits(store: Store) -> None:
    store_webhooks(
        store,
        events=[an_event(90, took=None, tenant="acme"), an_event(20, took=None)],
        counts=[a_count(0, 3, 1), a_count(14, 2, tenant="acme"), a_count(15, 100)],
        rejections=[a_rejection(60, 4), a_rejection(600, 1), a_rejection(60, 2, "timestamp")],
    )
    registry = CollectorRegistry()
    registry.register(_Found(store))
    told = {
        (sample.name.removeprefix("integration_monitor_webhooks_"), *sample.labels.values()): (
            sample.value
        )
        for family in parse(generate_latest(registry).decode())
        for sample in family.samples
        if "webhooks" in sample.name
    }
    assert told == {
        ("received_total", "crm"): 5,
        ("duplicates_total", "crm"): 1,
        ("rejected_total", "crm", "mismatch"): 5,
        ("rejected_total", "crm", "timestamp"): 2,
        ("backlog", "crm"): 2,
        ("oldest_seconds", "crm"): 90,
        ("received_total", "shop"): 0,
        ("duplicates_total", "shop"): 0,
        ("backlog", "shop"): 0,
        ("oldest_seconds", "shop"): 0,
    }
