"""What is known of an integration's calls when they are judged. Pure data, read set-based."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from integration_monitor.signals.call_outcome import is_failure


@dataclass(frozen=True)
class Stretches:
    """So many calls in the window, and in the two halves of the stretch that `for` names.

    All end together; `lasting` may begin before the window does.
    """

    window: int = 0
    older: int = 0
    newer: int = 0

    @property
    def lasting(self) -> int:
        """Calls of both halves."""
        return self.older + self.newer

    @classmethod
    def sum(cls, parts: Iterable[Stretches]) -> Stretches:
        """All of them together."""
        window = older = newer = 0
        for part in parts:
            window += part.window
            older += part.older
            newer += part.newer
        return cls(window, older, newer)


@dataclass(frozen=True)
class OutcomeCounts:
    """Calls of an endpoint that ended in the same way."""

    stretches: Stretches = Stretches()
    burst: int = 0
    """Within `burst_within`."""
    rise: int = 0
    """Within `rise_within`."""


@dataclass(frozen=True)
class Before:
    """An endpoint's calls in the hour before `rise_within`."""

    calls: int
    failed: int


@dataclass(frozen=True)
class EndpointCalls:
    """How the calls of an endpoint ended."""

    outcomes: Mapping[str, OutcomeCounts]
    before: Before | None = None
    """Read only for endpoints that fail; None: not read, or there were no calls."""
    since: datetime | None = None
    """The minute from which on it fails more than it should; None where that was not looked up."""

    @cached_property
    def calls(self) -> Stretches:
        """All calls."""
        return Stretches.sum(counts.stretches for counts in self.outcomes.values())

    @cached_property
    def failed(self) -> Stretches:
        """Calls that count against the endpoint."""
        return Stretches.sum(counts.stretches for counts in self.failures.values())

    @cached_property
    def failures(self) -> Mapping[str, OutcomeCounts]:
        """Counts by class of error, without those that are nobody's failure."""
        return {name: n for name, n in self.outcomes.items() if is_failure(name)}


@dataclass(frozen=True)
class EndpointLatency:
    """How long the calls of an endpoint took that had an answer to use.

    `over` and `at_risk` count the calls above a budget, and above the share of it from which it is
    at risk, by the budget's name (`p95`), where the percentile of the window is above it. Halves
    are counted only where there is such a budget.
    """

    calls: Stretches
    quantiles: Mapping[str, float]
    """Milliseconds by name: `p50`, `p95`, `p99`, over the window."""
    over: Mapping[str, Stretches] = field(default_factory=dict)
    at_risk: Mapping[str, Stretches] = field(default_factory=dict)


@dataclass(frozen=True)
class TenantCalls:
    """How one tenant's calls ended, by endpoint and outcome.

    Read only for tenants with failed calls, and for those that were reported before.
    """

    endpoints: Mapping[str, Mapping[str, Stretches]]
    since: datetime | None = None
    """The minute from which on its calls fail; None where that was not looked up."""

    @property
    def outcomes(self) -> set[str]:
        """How they ended, at any endpoint."""
        return set().union(*self.endpoints.values())

    def of(self, outcomes: Collection[str] | None = None, endpoint: str | None = None) -> Stretches:
        """The calls that ended so; left out: however, at whichever endpoint."""
        return Stretches.sum(
            counted
            for ended in self._at(endpoint)
            for outcome, counted in ended.items()
            if outcomes is None or outcome in outcomes
        )

    def failed(self, endpoint: str | None = None) -> Stretches:
        """The calls that count against the endpoints."""
        return Stretches.sum(
            counted
            for ended in self._at(endpoint)
            for outcome, counted in ended.items()
            if is_failure(outcome)
        )

    def _at(self, endpoint: str | None) -> Iterable[Mapping[str, Stretches]]:
        return self.endpoints.values() if endpoint is None else [self.endpoints.get(endpoint, {})]


@dataclass(frozen=True)
class LimitFacts:
    """A limit of the partner's, as the tenant has it that is nearest to it; stale ones left out."""

    policy: str
    tenant: str
    limit: int
    remaining: int
    reset_at: datetime | None
    seen_at: datetime
    low: tuple[str, ...] = ()
    """The tenants with less left than there should be, sorted."""

    @property
    def headroom(self) -> float:
        """The share that is left."""
        return max(self.remaining, 0) / self.limit


@dataclass(frozen=True)
class CallFacts:
    """All that was read of one integration, up to `end`."""

    integration: str
    end: datetime
    endpoints: Mapping[str, EndpointCalls] = field(default_factory=dict)
    latencies: Mapping[str, EndpointLatency] = field(default_factory=dict)
    tenants: Mapping[str, TenantCalls] = field(default_factory=dict)
    limits: tuple[LimitFacts, ...] = ()
    """By policy."""
    whose: Mapping[str, str] = field(default_factory=dict)
    """Of an endpoint that fails: what a comparison with others says of whose fault it is."""
    last_call: datetime | None = None
    """The minute of the newest call that is kept; None where none is."""
