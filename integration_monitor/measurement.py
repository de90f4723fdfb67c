"""What one measurement of a sync found, and what all syncs of one measurement share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from integration_monitor.manifest.domain import Integration
from integration_monitor.observe.authentication.tokens import Tokens
from integration_monitor.observe.databases import Engines
from integration_monitor.observe.http_exchange import open_client
from integration_monitor.observe.limits import Budget, Deadline, HostLimits
from integration_monitor.observe.reading import Reading
from integration_monitor.signals.mapped import Role
from integration_monitor.signals.shape import FieldShape
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store.engine import Store
from integration_monitor.store.locks import SyncLocks, sync_locks

CONNECTIONS_AT_ONCE = 8


@dataclass(frozen=True)
class SyncMeasurement:
    """What one measurement of a sync found, for Dagster and the CLI."""

    integration: str
    sync: str
    verdicts: tuple[Verdict, ...]
    source: Mapping[str, float]
    """Numbers about the source under stable keys; `records` is its total where it is known."""
    destination: Mapping[str, float]
    fields: Mapping[Role, Mapping[str, FieldShape]] = field(default_factory=dict)
    """The fields of each side as they are now, mapped ones first."""


@dataclass(frozen=True)
class Means:
    """What all syncs of one measurement share."""

    integration: Integration
    store: Store
    environ: Mapping[str, str] = field(repr=False)
    clock: Callable[[], datetime]
    as_of: datetime | None
    deadline: Deadline
    hosts: HostLimits
    engines: Engines
    http: httpx.Client
    tokens: Tokens
    pool: ThreadPoolExecutor
    locks: SyncLocks

    def reading(self, budget: Budget) -> Reading:
        """What a side is opened with, on this budget of requests."""
        return Reading(
            deadline=self.deadline,
            budget=budget,
            hosts=self.hosts,
            engines=self.engines,
            http=self.http,
            environ=self.environ,
            tokens=self.tokens,
            request_timeout=self.integration.request_timeout,
            wait_budget=self.integration.wait_budget,
            clock=self.clock,
        )


@contextmanager
def open_means(
    integration: Integration,
    store: Store,
    environ: Mapping[str, str],
    clock: Callable[[], datetime],
    as_of: datetime | None,
) -> Iterator[Means]:
    """Open what one measurement reads with, and close it. Raises `StoreError`."""
    deadline = Deadline(integration.deadline)
    hosts = HostLimits(integration.requests_at_once)
    engines = Engines()
    http = open_client(integration.request_timeout)
    pool = ThreadPoolExecutor(CONNECTIONS_AT_ONCE, thread_name_prefix="connection")
    try:
        with sync_locks(store) as locks:
            yield Means(
                integration,
                store,
                environ,
                clock,
                as_of,
                deadline,
                hosts,
                engines,
                http,
                Tokens(),
                pool,
                locks,
            )
    finally:
        # What still hangs ends by its own time limits; nobody waits for it.
        pool.shutdown(wait=False, cancel_futures=True)
        http.close()
        engines.dispose()
