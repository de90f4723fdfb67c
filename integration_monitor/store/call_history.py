"""Since when endpoints fail, and how they did before: looked up only for those that may fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.manifest.calls import CallRules
from integration_monitor.signals.call_facts import Before, EndpointCalls
from integration_monitor.signals.call_outcome import HARMLESS
from integration_monitor.signals.call_rules import FEWEST
from integration_monitor.store.call_outcomes import Endpoints
from integration_monitor.store.call_spans import Span

# The trouble began at the minute from which on there are the most errors above what is borne: the
# largest sum of (failed - borne * calls) over all minutes up to the end. This is the estimate of
# the change point that goes with Page's CUSUM test (Page, Biometrika 41, 1954).
_HISTORY = sa.text("""
    WITH suspect AS (
        SELECT * FROM unnest(
            CAST(:integrations AS text[]), CAST(:endpoints AS text[]), CAST(:borne AS float8[]),
            CAST(:befores AS timestamptz[]), CAST(:rises AS timestamptz[])
        ) AS suspect (integration, endpoint, borne, before, rise)
    ), minutes AS (
        SELECT integration, endpoint, borne, rise, minute, sum(calls) AS calls,
               coalesce(sum(calls) FILTER (WHERE outcome <> ALL (:harmless)), 0) AS failed
        FROM suspect JOIN integration_monitor.call_minutes USING (integration, endpoint)
        WHERE minute >= :earliest AND minute < :end AND minute >= before
        GROUP BY integration, endpoint, borne, rise, minute
    ), scored AS (
        SELECT *, sum(failed - borne * calls)
                  OVER (PARTITION BY integration, endpoint ORDER BY minute DESC) AS score
        FROM minutes
    )
    SELECT integration, endpoint,
           CASE WHEN max(score) > 0 THEN (array_agg(minute ORDER BY score DESC, minute))[1] END,
           CAST(coalesce(sum(calls) FILTER (WHERE minute < rise), 0) AS bigint),
           CAST(coalesce(sum(failed) FILTER (WHERE minute < rise), 0) AS bigint)
    FROM scored GROUP BY integration, endpoint
""")


def add(
    connection: sa.Connection,
    spans: Sequence[Span],
    found: Mapping[str, Endpoints],
    end: datetime,
) -> dict[str, Endpoints]:
    """The same endpoints, those that may fail with `before` and `since`."""
    suspects = [
        (span, endpoint)
        for span in spans
        for endpoint, calls in found.get(span.name, {}).items()
        if _may_fail(calls, span.integration.calls)
    ]
    known = {name: dict(endpoints) for name, endpoints in found.items()}
    if not suspects:
        return known
    values = {
        "integrations": [span.name for span, _ in suspects],
        "endpoints": [endpoint for _, endpoint in suspects],
        "borne": [span.integration.calls.errors.warn / 2 for span, _ in suspects],
        "befores": [span.before for span, _ in suspects],
        "rises": [span.rise for span, _ in suspects],
        "harmless": list(HARMLESS),
        "earliest": min(span.before for span, _ in suspects),
        "end": end,
    }
    for name, endpoint, since, calls, failed in connection.execute(_HISTORY, values):
        before = Before(calls, failed) if calls else None
        known[name][endpoint] = replace(known[name][endpoint], before=before, since=since)
    return known


def _may_fail(calls: EndpointCalls, rules: CallRules) -> bool:
    """Whether any rule could find something: the lowest share that one of them minds."""
    failed = sum(counts.rise for counts in calls.failures.values())
    of = sum(counts.rise for counts in calls.outcomes.values())
    least = rules.errors.warn / max(rules.errors.rise, 1.0)
    shares = (failed, of), (calls.failed.window, calls.calls.window)
    return any(part >= FEWEST and part / whole >= least for part, whole in shares)
