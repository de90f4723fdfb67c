"""Readings with clocks that stand still and sleeps that take no time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from integration_monitor.observe.databases import Engines
from integration_monitor.observe.http_exchange import open_client
from integration_monitor.observe.limits import Budget, Deadline, HostLimits
from integration_monitor.observe.reading import Reading

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Sleeps:
    """Stands in for `time.sleep` and remembers."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@contextmanager
def reading(
    environ: Mapping[str, str] | None = None,
    *,
    budget: int = 1_000,
    deadline: float = 20,
    request_timeout: float = 5,
    wait_budget: float = 10,
    now: datetime = NOW,
    sleeps: Sleeps | None = None,
) -> Iterator[Reading]:
    """A reading whose durations are seconds."""
    engines = Engines(connect_timeout=timedelta(seconds=2))
    with open_client(timedelta(seconds=request_timeout)) as http:
        yield Reading(
            deadline=Deadline(timedelta(seconds=deadline)),
            budget=Budget(budget),
            hosts=HostLimits(4),
            engines=engines,
            http=http,
            environ=environ or {},
            request_timeout=timedelta(seconds=request_timeout),
            wait_budget=timedelta(seconds=wait_budget),
            clock=lambda: now,
            sleep=sleeps or Sleeps(),
            jitter=lambda: 0.5,
        )
    engines.dispose()
