"""Since when something fails, and how it did before: looked up only for what may fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from integration_monitor.manifest.calls import CallRules
from integration_monitor.signals.call_facts import Before, EndpointCalls, TenantCalls
from integration_monitor.signals.call_outcome import HARMLESS
from integration_monitor.signals.call_rules import FEWEST
from integration_monitor.store.call_outcomes import Endpoints
from integration_monitor.store.call_spans import Span
from integration_monitor.store.table_parts import SCHEMA

Kind = Literal["endpoint", "tenant"]
_TABLES: Mapping[Kind, str] = {"endpoint": "call_minutes", "tenant": "tenant_minutes"}

# The trouble began at the minute from which on there are the most errors above what is borne: the
# largest sum of (failed - borne * calls) over all minutes up to the end. This is the estimate of
# the change point that goes with Page's CUSUM test (Page, Biometrika 41, 1954).
_HISTORY = """
    WITH suspect AS (
        SELECT * FROM unnest(
            CAST(:integrations AS text[]), CAST(:names AS text[]), CAST(:borne AS float8[]),
            CAST(:befores AS timestamptz[]), CAST(:rises AS timestamptz[])
        ) AS suspect (integration, {kind}, borne, before, rise)
    ), ended AS (
        SELECT integration, {kind}, minute, sum(calls) AS calls,
               coalesce(sum(calls) FILTER (WHERE outcome <> ALL (:harmless)), 0) AS failed
        FROM {schema}.{table}
        WHERE minute >= :earliest AND minute < :end
          AND integration = ANY (:integrations)
          AND (integration, {kind}) IN (SELECT integration, {kind} FROM suspect)
        GROUP BY integration, {kind}, minute
    ), minutes AS (
        SELECT integration, {kind}, rise, minute, calls, failed, borne
        FROM ended JOIN suspect USING (integration, {kind}) WHERE minute >= before
    ), scored AS (
        SELECT *, sum(failed - borne * calls)
                  OVER (PARTITION BY integration, {kind} ORDER BY minute DESC) AS score
        FROM minutes
    )
    SELECT integration, {kind},
           CASE WHEN max(score) > 0 THEN (array_agg(minute ORDER BY score DESC, minute))[1] END,
           CAST(coalesce(sum(calls) FILTER (WHERE minute < rise), 0) AS bigint),
           CAST(coalesce(sum(failed) FILTER (WHERE minute < rise), 0) AS bigint)
    FROM scored GROUP BY integration, {kind}
"""


@dataclass(frozen=True)
class _Suspect:
    span: Span
    name: str
    borne: float
    """The share of errors that is nothing to wonder at."""


@dataclass(frozen=True)
class _History:
    since: datetime | None
    before: Before | None


def of_endpoints(
    connection: sa.Connection,
    spans: Sequence[Span],
    found: Mapping[str, Endpoints],
    end: datetime,
) -> dict[str, Endpoints]:
    """The same endpoints, those that may fail with `before` and `since`."""
    suspects = [
        _Suspect(span, endpoint, span.integration.calls.errors.warn / 2)
        for span in spans
        for endpoint, calls in found.get(span.name, {}).items()
        if _may_fail(calls, span.integration.calls)
    ]
    known = {name: dict(endpoints) for name, endpoints in found.items()}
    for (name, endpoint), history in _read(connection, "endpoint", suspects, end).items():
        calls = known[name][endpoint]
        known[name][endpoint] = replace(calls, before=history.before, since=history.since)
    return known


def of_tenants(
    connection: sa.Connection,
    spans: Sequence[Span],
    found: Mapping[str, Mapping[str, TenantCalls]],
    end: datetime,
) -> dict[str, dict[str, TenantCalls]]:
    """The same tenants, with `since` where most of some endpoint's calls fail."""
    suspects = [
        _Suspect(span, tenant, span.integration.calls.tenants.fail / 2)
        for span in spans
        for tenant, calls in found.get(span.name, {}).items()
        if _may_be_broken(calls, span.integration.calls)
    ]
    known = {name: dict(tenants) for name, tenants in found.items()}
    for (name, tenant), history in _read(connection, "tenant", suspects, end).items():
        known[name][tenant] = replace(known[name][tenant], since=history.since)
    return known


def _may_fail(calls: EndpointCalls, rules: CallRules) -> bool:
    """Whether any rule could find something, its duration and the hour before aside."""
    if not calls.failures:
        return False
    errors = rules.errors
    failed, of = calls.failed.window, calls.calls.window
    if failed >= FEWEST and failed >= errors.warn * of:
        return True
    if any(counts.burst >= errors.burst for counts in calls.failures.values()):
        return True
    failed = sum(counts.rise for counts in calls.failures.values())
    of = sum(counts.rise for counts in calls.outcomes.values())
    return failed >= errors.burst and failed * errors.rise >= errors.warn * of


def _may_be_broken(calls: TenantCalls, rules: CallRules) -> bool:
    return any(
        (failed := calls.failed(endpoint).window) >= FEWEST
        and failed >= rules.tenants.fail * calls.of(endpoint=endpoint).window
        for endpoint in calls.endpoints
    )


def _read(
    connection: sa.Connection, kind: Kind, suspects: Iterable[_Suspect], end: datetime
) -> dict[tuple[str, str], _History]:
    each = list(suspects)
    if not each:
        return {}
    values = {
        "integrations": [suspect.span.name for suspect in each],
        "names": [suspect.name for suspect in each],
        "borne": [suspect.borne for suspect in each],
        "befores": [suspect.span.before for suspect in each],
        "rises": [suspect.span.rise for suspect in each],
        "harmless": list(HARMLESS),
        "earliest": min(suspect.span.before for suspect in each),
        "end": end,
    }
    query = _HISTORY.format(kind=kind, schema=SCHEMA, table=_TABLES[kind])
    return {
        (name, of): _History(since, Before(calls, failed) if calls else None)
        for name, of, since, calls, failed in connection.execute(sa.text(query), values)
    }
