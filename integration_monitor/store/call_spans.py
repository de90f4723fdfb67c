"""Which minutes are read of an integration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.call_rules import HISTORY, Halves, halves, window_start


@dataclass(frozen=True)
class Span:
    """An integration, and where the stretches begin that it is judged by; they end together."""

    integration: Integration
    window: datetime
    errors: Halves
    latency: Halves
    tenants: Halves
    burst: datetime
    rise: datetime

    @property
    def name(self) -> str:
        """The integration's name."""
        return self.integration.name

    @property
    def earliest(self) -> datetime:
        """Where the first of the stretches begins."""
        starts = self.errors.older, self.latency.older, self.tenants.older, self.burst, self.rise
        return min(self.window, *starts)

    @property
    def before(self) -> datetime:
        """Where the hour begins that a sudden rise is compared with."""
        return self.rise - HISTORY


def spans_of(integrations: Iterable[Integration], end: datetime) -> Iterator[Span]:
    """The stretches of each integration, up to `end`."""
    for integration in integrations:
        rules = integration.calls
        yield Span(
            integration,
            window=window_start(end, rules),
            errors=halves(end, rules.errors.lasting),
            latency=halves(end, rules.latency.lasting),
            tenants=halves(end, rules.tenants.lasting),
            burst=end - rules.errors.burst_within,
            rise=end - rules.errors.rise_within,
        )
