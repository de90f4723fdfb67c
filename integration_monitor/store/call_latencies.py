"""How long calls took, as percentiles of merged buckets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import psycopg
import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration, Latency
from integration_monitor.signals.call_facts import EndpointLatency, Stretches
from integration_monitor.signals.call_outcome import HARMLESS
from integration_monitor.signals.call_rules import QUANTILES, budgets
from integration_monitor.signals.latency_buckets import NONE, highest_within, quantiles
from integration_monitor.store.call_spans import Span

Latencies = dict[str, EndpointLatency]
_Series = tuple[str, str]
"""Integration and endpoint."""
_Counts = Mapping[int, int]
"""Calls by bucket."""

# Merged here: to sort the buckets there takes five times as long.
_BUCKETS = """
    SELECT integration, endpoint, array_agg(bucket), array_agg(calls)
    FROM integration_monitor.call_minutes
    WHERE minute >= %s AND minute < %s AND integration = ANY (%s)
      AND outcome = ANY (%s) AND bucket <> %s
    GROUP BY integration, endpoint
"""


@dataclass(frozen=True)
class _Pieces:
    """Buckets of the whole window, and of the end of it where a budget may be used up."""

    window: _Counts
    lasting: _Counts
    newer: _Counts

    def all(self) -> Stretches:
        """The calls."""
        newer = sum(self.newer.values())
        return Stretches(sum(self.window.values()), sum(self.lasting.values()) - newer, newer)

    def above(self, ms: float) -> Stretches:
        """The calls that took longer."""
        newer = _above(self.newer, ms)
        return Stretches(_above(self.window, ms), _above(self.lasting, ms) - newer, newer)


def read(connection: sa.Connection, spans: Sequence[Span], end: datetime) -> dict[str, Latencies]:
    """The endpoints of each integration that gave an answer in its window."""
    by_name = {span.name: span for span in spans}
    windows = _buckets(connection, spans, end, lambda span: span.window)
    figures = {series: _figures(counts) for series, counts in windows.items()}
    risky = {
        series for series in windows if _may_be_slow(by_name[series[0]], series, figures[series])
    }
    of = [by_name[name] for name in {name for name, _ in risky}]
    lasting = _buckets(connection, of, end, lambda span: span.latency.older)
    newer = _buckets(connection, of, end, lambda span: span.latency.newer)
    found: dict[str, Latencies] = defaultdict(dict)
    for series, counts in windows.items():
        name, endpoint = series
        if series in risky:
            pieces = _Pieces(counts, lasting.get(series, {}), newer.get(series, {}))
            integration = by_name[name].integration
            found[name][endpoint] = _judgeable(pieces, figures[series], integration, endpoint)
        else:
            calls = Stretches(sum(counts.values()))
            found[name][endpoint] = EndpointLatency(calls, figures[series])
    return dict(found)


def _buckets(
    connection: sa.Connection,
    spans: Iterable[Span],
    end: datetime,
    start_of: Callable[[Span], datetime],
) -> dict[_Series, _Counts]:
    """The merged buckets of each endpoint, from where the integration's stretch begins."""
    starts: dict[datetime, list[str]] = defaultdict(list)
    for span in spans:
        starts[start_of(span)].append(span.name)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - `open_store` chose it
    merged: dict[_Series, _Counts] = {}
    for start, names in starts.items():
        values = (start, end, names, list(HARMLESS), NONE)
        # Hundreds of thousands of numbers: as text they would take twice as long.
        with driver.cursor(binary=True) as cursor:
            for name, endpoint, buckets, calls in cursor.execute(_BUCKETS, values):
                merged[name, endpoint] = _merged(buckets, calls)
    return merged


def _merged(buckets: Sequence[int], calls: Sequence[int]) -> _Counts:
    merged: dict[int, int] = {}
    for bucket, n in zip(buckets, calls, strict=True):
        merged[bucket] = merged.get(bucket, 0) + n
    return merged


def _figures(counts: _Counts) -> Mapping[str, float]:
    return dict(zip(QUANTILES, quantiles(counts, tuple(QUANTILES.values())), strict=True))


def _may_be_slow(span: Span, series: _Series, figures: Mapping[str, float]) -> bool:
    endpoint = span.integration.endpoints.get(series[1])
    if endpoint is None:
        return False
    at_risk = span.integration.calls.latency.at_risk
    return any(figures[name] > at_risk * ms for name, ms in _limits(endpoint.latency).items())


@cache
def _limits(latency: Latency) -> Mapping[str, float]:
    """Milliseconds by the budget's name."""
    given = budgets(latency)
    return {name: limit / timedelta(milliseconds=1) for name, (_, limit) in given.items()}


def _judgeable(
    pieces: _Pieces, figures: Mapping[str, float], integration: Integration, endpoint: str
) -> EndpointLatency:
    limits = _limits(integration.endpoints[endpoint].latency)
    risks = {name: integration.calls.latency.at_risk * limit for name, limit in limits.items()}
    return EndpointLatency(
        pieces.all(),
        figures,
        over={name: pieces.above(ms) for name, ms in limits.items() if figures[name] > ms},
        at_risk={name: pieces.above(ms) for name, ms in risks.items() if figures[name] > ms},
    )


def _above(counts: _Counts, ms: float) -> int:
    limit = highest_within(ms)
    return sum(n for bucket, n in counts.items() if bucket > limit)
