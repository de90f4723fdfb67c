"""How long calls took, as percentiles of merged buckets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.call_facts import EndpointLatency, Stretches
from integration_monitor.signals.call_outcome import HARMLESS
from integration_monitor.signals.call_rules import QUANTILES, budgets
from integration_monitor.signals.latency_buckets import NONE, milliseconds, quantile
from integration_monitor.store.call_outcomes import names
from integration_monitor.store.call_spans import Span
from integration_monitor.store.tables import call_minutes

Latencies = dict[str, EndpointLatency]
_Counted = tuple[int, int]
"""A bucket, and so many calls."""


@dataclass
class _Series:
    """An endpoint's buckets by stretch: in the window, and in the halves of `lasting`."""

    window: list[_Counted] = field(default_factory=list)
    older: list[_Counted] = field(default_factory=list)
    newer: list[_Counted] = field(default_factory=list)

    def above(self, ms: float) -> Stretches:
        """The calls that took longer."""
        return Stretches(_above(self.window, ms), _above(self.older, ms), _above(self.newer, ms))

    def all(self) -> Stretches:
        """The calls."""
        return Stretches(*(sum(n for _, n in each) for each in self._stretches()))

    def _stretches(self) -> tuple[list[_Counted], ...]:
        return self.window, self.older, self.newer


def read(connection: sa.Connection, spans: Sequence[Span], end: datetime) -> dict[str, Latencies]:
    """The endpoints of each integration that gave an answer in its window."""
    starts = sorted({start for span in spans for start in _starts(span)})
    integration, endpoint = call_minutes.c.integration, call_minutes.c.endpoint
    minute, bucket = call_minutes.c.minute, call_minutes.c.bucket
    piece = sa.case(*((minute >= start, start) for start in reversed(starts)))
    # Merged here: to sort the buckets there takes five times as long.
    rows = connection.execute(
        sa.select(
            integration,
            endpoint,
            piece,
            sa.func.array_agg(bucket),
            sa.func.array_agg(call_minutes.c.calls),
        )
        .where(
            minute >= starts[0],
            minute < end,
            integration == sa.any_(names(spans)),
            call_minutes.c.outcome.in_(HARMLESS),
            bucket != NONE,
        )
        .group_by(integration, endpoint, piece)
    )
    by_name = {span.name: span for span in spans}
    found: dict[str, dict[str, _Series]] = defaultdict(lambda: defaultdict(_Series))
    for name, of, start, buckets, calls in rows:
        _put(found[name][of], by_name[name], start, list(zip(buckets, calls, strict=True)))
    return {
        name: {
            of: _latency(series, by_name[name].integration, of)
            for of, series in endpoints.items()
            if series.window
        }
        for name, endpoints in found.items()
    }


def _starts(span: Span) -> tuple[datetime, ...]:
    return span.window, span.latency.older, span.latency.newer


def _put(series: _Series, span: Span, start: datetime, counted: list[_Counted]) -> None:
    if start >= span.window:
        series.window += counted
    if start >= span.latency.newer:
        series.newer += counted
    elif start >= span.latency.older:
        series.older += counted


def _latency(series: _Series, integration: Integration, name: str) -> EndpointLatency:
    merged = _merged(series.window)
    quantiles = {each: quantile(merged, share) or 0.0 for each, share in QUANTILES.items()}
    endpoint = integration.endpoints.get(name)
    limits = budgets(endpoint.latency) if endpoint else {}
    over, at_risk = {}, {}
    for each, (_, limit) in limits.items():
        budget = limit / timedelta(milliseconds=1)
        if quantiles[each] > budget:
            over[each] = series.above(budget)
        risk = budget * integration.calls.latency.at_risk
        if quantiles[each] > risk:
            at_risk[each] = series.above(risk)
    return EndpointLatency(series.all(), quantiles, over, at_risk)


def _merged(counted: Iterable[_Counted]) -> dict[int, int]:
    merged: dict[int, int] = {}
    for bucket, calls in counted:
        merged[bucket] = merged.get(bucket, 0) + calls
    return merged


def _above(counted: Iterable[_Counted], ms: float) -> int:
    return sum(calls for bucket, calls in counted if milliseconds(bucket) > ms)
