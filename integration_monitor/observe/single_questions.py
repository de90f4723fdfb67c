"""Asking a partner for a few things outside of a measurement: a reading of its own each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from integration_monitor.manifest.domain import Integration
from integration_monitor.observe.authentication.tokens import Tokens
from integration_monitor.observe.databases import Engines
from integration_monitor.observe.http_exchange import open_client
from integration_monitor.observe.limits import Budget, Deadline, HostLimits
from integration_monitor.observe.reading import Reading


@contextmanager
def open_readings(
    integration: Integration,
    engines: Engines,
    *,
    requests: int,
    environ: Mapping[str, str],
    clock: Callable[[], datetime],
) -> Iterator[Callable[[], Reading]]:
    """Gives readings that share a client, tokens and the limit of the host.

    Each has its own deadline, from when it is made, and so many requests.
    """
    hosts, tokens = HostLimits(integration.requests_at_once), Tokens()
    with open_client(integration.request_timeout) as http:
        yield lambda: Reading(
            deadline=Deadline(integration.deadline),
            budget=Budget(requests),
            hosts=hosts,
            engines=engines,
            http=http,
            environ=environ,
            tokens=tokens,
            request_timeout=integration.request_timeout,
            wait_budget=integration.wait_budget,
            clock=clock,
        )
