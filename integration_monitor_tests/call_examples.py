"""Calls and integrations for the tests of what is judged of calls."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from integration_monitor.manifest.calls import CallRules
from integration_monitor.manifest.domain import Endpoint, Integration, Latency, Owner
from integration_monitor.signals.latency_buckets import bucket_of
from integration_monitor.store import calls
from integration_monitor.store.call_batch import NO_TENANT, Batch, CallCount
from integration_monitor.store.engine import Store

NOW = datetime(2026, 3, 1, 14, 20, 30, tzinfo=UTC)
"""The minute 14:20 is the newest that is judged."""
CONTACTS = Endpoint(
    "contacts",
    "/contacts/{id}",
    critical=True,
    latency=Latency(p95=timedelta(milliseconds=800), p99=timedelta(seconds=2)),
)
DEALS = Endpoint("deals", "/deals")
CRM = Integration(
    name="crm",
    owner=Owner("Owner of crm", "crm@example.com"),
    file="crm.yaml",
    title="CRM",
    endpoints={"contacts": CONTACTS, "deals": DEALS},
)

_numbers = itertools.count()


def named(name: str, like: Integration = CRM, **rules: Any) -> Integration:
    """An integration of another name, with other rules."""
    return replace(like, name=name, calls=replace(CallRules(), **rules) if rules else like.calls)


def ago(minutes: int) -> datetime:
    """The start of a minute: 0 is the one that is filled at `NOW`."""
    return NOW.replace(second=0) - timedelta(minutes=minutes)


def some_calls(
    minutes_ago: int,
    n: int,
    outcome: str = "ok",
    endpoint: str = "contacts",
    *,
    ms: float = 100,
    tenant: str = NO_TENANT,
    integration: str = "crm",
) -> CallCount:
    """So many calls within a minute."""
    return CallCount(
        ago(minutes_ago), integration, endpoint, tenant, outcome, bucket_of(ms), n
    )  # fmt: skip


def store_calls(store: Store, counts: Iterable[CallCount], now: datetime = NOW) -> None:
    """As one batch."""
    assert calls.add(store, Batch(f"batch-{next(_numbers)}", "worker-1", tuple(counts)), now=now)
