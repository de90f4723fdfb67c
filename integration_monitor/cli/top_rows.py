"""What `top` shows of calls: the integrations, and a row for each of their endpoints. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integration_monitor.signals.call_facts import CallFacts, EndpointCalls, LimitFacts

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Called:
    """Calls within the window."""

    calls: int
    per_minute: float
    failures: Mapping[str, int]
    """Calls by class of error, the most frequent first."""

    @property
    def failed(self) -> int:
        """Calls that count against the endpoint."""
        return sum(self.failures.values())

    @property
    def error_share(self) -> float:
        """Their share."""
        return self.failed / self.calls if self.calls else 0.0

    @property
    def errors(self) -> Mapping[str, float]:
        """The share of each class of error, the largest first."""
        return {name: n / self.calls for name, n in self.failures.items()}


@dataclass(frozen=True)
class WorstTenant:
    """The tenant of an endpoint of whose calls the largest share fails."""

    name: str
    error_share: float
    calls: int


@dataclass(frozen=True)
class EndpointRow:
    """An endpoint."""

    endpoint: str
    called: Called
    latency: Mapping[str, float]
    """Milliseconds by `p50`, `p95`, `p99`; empty where no call had an answer to use."""
    worst: WorstTenant | None


@dataclass(frozen=True)
class IntegrationRows:
    """An integration, with its endpoints."""

    integration: str
    called: Called
    limit: LimitFacts | None
    """The partner's limit that is nearest."""
    endpoints: Sequence[EndpointRow]


def rows_of(found: Iterable[CallFacts], window: timedelta, now: datetime) -> list[IntegrationRows]:
    """The integrations that were called; what fails most comes first, then what is busiest."""
    rows = [_integration(facts, window, now) for facts in found if facts.endpoints]
    return sorted(rows, key=lambda one: (*_urgency(one.called), one.integration))


def _integration(facts: CallFacts, window: timedelta, now: datetime) -> IntegrationRows:
    # The newest minute is read before it is over.
    lasted = min(now, facts.end) - (facts.end - window)
    minutes = max(lasted / _MINUTE, 1 / 60)
    rows = [_endpoint(facts, name, ended, minutes) for name, ended in facts.endpoints.items()]
    failures: Counter[str] = Counter()
    for row in rows:
        failures.update(row.called.failures)
    return IntegrationRows(
        facts.integration,
        _called(sum(row.called.calls for row in rows), failures, minutes),
        min(facts.limits, key=lambda limit: limit.headroom, default=None),
        sorted(rows, key=lambda row: (*_urgency(row.called), row.endpoint)),
    )


def _endpoint(facts: CallFacts, name: str, ended: EndpointCalls, minutes: float) -> EndpointRow:
    failures = {outcome: counts.stretches.window for outcome, counts in ended.failures.items()}
    latency = facts.latencies.get(name)
    return EndpointRow(
        name,
        _called(ended.calls.window, failures, minutes),
        latency.quantiles if latency else {},
        _worst(facts, name),
    )


def _called(calls: int, failures: Mapping[str, int], minutes: float) -> Called:
    most_first = sorted(failures.items(), key=lambda item: (-item[1], item[0]))
    return Called(calls, calls / minutes, {name: n for name, n in most_first if n})


def _worst(facts: CallFacts, endpoint: str) -> WorstTenant | None:
    failing = []
    for name, tenant in facts.tenants.items():
        calls, failed = tenant.of(endpoint=endpoint).window, tenant.failed(endpoint).window
        if failed:
            failing.append(WorstTenant(name, failed / calls, calls))
    return max(failing, key=lambda one: (one.error_share, one.calls, one.name), default=None)


def _urgency(called: Called) -> tuple[int, int]:
    return -called.failed, -called.calls
