"""`/metrics`: what the store knows of calls, webhooks and checks, as Prometheus reads it.

The store holds sums over minutes that come late and expire, so what is said of calls are gauges
over a window that moves, not counters: a counter may never sink. Every server of a store says the
same, so they are not to be added up. Series are bounded by the manifests: tenants are no label.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from integration_monitor.ingest.bearer import BearerGuard
from integration_monitor.ingest.webhook_metrics import (
    NO_WEBHOOKS,
    WebhooksNow,
    read_webhooks,
    webhook_families,
)
from integration_monitor.manifest.domain import Fleet, Integration
from integration_monitor.signals.call_facts import CallFacts
from integration_monitor.signals.call_rules import QUANTILES
from integration_monitor.signals.verdict import ASSET_CHECKS, Verdict
from integration_monitor.store import call_arrivals, call_facts, verdicts
from integration_monitor.store.engine import Store, StoreError

READ_EVERY_S = 10.0
WAIT_S = 10.0
"""For somebody else's reading: longer than that a store that works does not take."""
MOST_POLICIES = 16
"""Of one integration."""
DROPPED_WITHIN = timedelta(hours=1)
_STATUS: Mapping[str, float] = {"ok": 0, "warn": 1, "fail": 2, "unknown": 3}


@dataclass(frozen=True)
class FleetNow:
    """What is exposed, as it was read at a time."""

    at: datetime
    integrations: tuple[Integration, ...]
    calls: Mapping[str, CallFacts]
    verdicts: tuple[Verdict, ...]
    dropped: int
    """Calls within the last hour that could not be kept."""
    webhooks: WebhooksNow = NO_WEBHOOKS


def read_fleet(store: Store, fleet: Fleet, now: datetime) -> FleetNow:
    """Read it from the store. Raises `StoreError`."""
    with store.begin() as connection:
        return FleetNow(
            now,
            fleet.integrations,
            call_facts.read(store, fleet.integrations, now),
            verdicts.latest(connection),
            call_arrivals.read(connection, now - DROPPED_WITHIN).dropped,
            read_webhooks(connection, fleet, now),
        )


class Remembered:
    """Reads at most once in a while, however many ask; the others wait for the one that reads."""

    def __init__(
        self,
        read: Callable[[], FleetNow],
        *,
        clock: Callable[[], float] = time.monotonic,
        wait_s: float = WAIT_S,
    ) -> None:
        """`wait_s` bounds the wait for somebody else's reading; `read` bounds its own."""
        self._wait_s = wait_s
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[float, FleetNow] | None = None

    def __call__(self) -> FleetNow:
        """As it was a few seconds ago at most. Raises `StoreError`; an error is not remembered."""
        # Who waits takes up a thread: of a store that hangs they must not become more and more.
        if not self._lock.acquire(timeout=self._wait_s):
            raise StoreError("the store takes too long")
        try:
            if self._known is None or self._clock() - self._known[0] >= READ_EVERY_S:
                self._known = None
                self._known = (self._clock(), self._read())
            return self._known[1]
        finally:
            self._lock.release()


def metrics_router(read: Callable[[], FleetNow], *, guard: BearerGuard) -> APIRouter:
    """The route, for whom the guard lets in."""
    router = APIRouter(tags=["metrics"])

    @router.get(
        "/metrics",
        summary="Calls, webhooks and checks for Prometheus",
        dependencies=[Depends(guard)],
        response_class=Response,
        responses={
            200: {"content": {"text/plain": {}}, "description": "Metrics of the whole fleet."},
            401: {"description": "The token is missing or wrong."},
            503: {"description": "The store is away."},
        },
    )
    def metrics(accept: Annotated[str, Header()] = "") -> Response:
        now = read()
        registry = CollectorRegistry()
        registry.register(_Collected(families(now)))
        encode, kind = choose_encoder(accept)
        return Response(encode(registry), headers={"Content-Type": kind})

    return router


def families(now: FleetNow) -> tuple[Metric, ...]:
    """All metrics with their values. Pure."""
    return (
        *_of_calls(now.integrations, now.calls),
        _of_limits(now.calls),
        _of_checks(now.verdicts, now.at),
        _dropped(now.dropped),
        *webhook_families(now.webhooks, now.at),
    )


class _Collected(Collector):
    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        return iter(self._found)


def _of_calls(
    integrations: Iterable[Integration], calls: Mapping[str, CallFacts]
) -> Iterator[Metric]:
    window = _gauge("calls_window_seconds", "The time over which calls are counted.", "integration")
    counted = _gauge(
        "calls",
        "Calls within the window, by how they ended.",
        "integration", "endpoint", "outcome",
    )  # fmt: skip
    latency = _gauge(
        "call_latency_seconds",
        "Latency of calls within the window that had an answer to use.",
        "integration", "endpoint", "quantile",
    )  # fmt: skip
    for integration in integrations:
        name, known = integration.name, calls.get(integration.name)
        if known is None:
            continue
        window.add_metric([name], integration.calls.window.total_seconds())
        for endpoint, ended in known.endpoints.items():
            for outcome, counts in ended.outcomes.items():
                counted.add_metric([name, endpoint, outcome], counts.stretches.window)
        for endpoint, took in known.latencies.items():
            for each, ms in took.quantiles.items():
                latency.add_metric([name, endpoint, f"{QUANTILES[each]:g}"], ms / 1_000)
    yield from (window, counted, latency)


def _of_limits(calls: Mapping[str, CallFacts]) -> Metric:
    left = _gauge(
        "rate_limit_left_ratio",
        "What is left of a limit of the partner's, for the tenant that is nearest to it.",
        "integration", "policy",
    )  # fmt: skip
    for name, known in calls.items():
        # Partners choose the names of their policies.
        for limit in known.limits[:MOST_POLICIES]:
            left.add_metric([name, limit.policy], limit.headroom)
    return left


def _of_checks(found: Iterable[Verdict], now: datetime) -> Metric:
    status = _gauge(
        "check_status",
        "The status of a check: 0 ok, 1 warn, 2 fail, 3 unknown (also where it is overdue).",
        "integration", "subject", "check",
    )  # fmt: skip
    for verdict in found:
        if verdict.integration != ASSET_CHECKS:
            said = verdict.status if verdict.valid_until >= now else "unknown"
            of = [verdict.integration, verdict.subject, verdict.signal]
            status.add_metric(of, _STATUS[said])
    return status


def _dropped(calls: int) -> Metric:
    dropped = _gauge("dropped_calls", "Calls within the last hour that could not be kept.")
    dropped.add_metric([], calls)
    return dropped


def _gauge(name: str, says: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"integration_monitor_{name}", says, labels=labels)
