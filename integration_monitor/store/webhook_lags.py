"""How late the newest events came, and how long they waited for us."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from integration_monitor.manifest.webhooks import LagRules
from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.webhook_facts import Lag, Lags

UNKNOWN = Lags()

_SUMS = """
    count(*) AS events,
    count(seconds) AS known,
    count(seconds) FILTER (WHERE received_at >= older AND received_at < newer) AS older,
    count(seconds) FILTER (WHERE received_at >= newer) AS newer,
    count(*) FILTER (WHERE seconds > most) AS late,
    count(*) FILTER (WHERE seconds > most AND received_at >= older AND received_at < newer)
        AS late_older,
    count(*) FILTER (WHERE seconds > most AND received_at >= newer) AS late_newer,
    percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY greatest(seconds, 0))
        FILTER (WHERE seconds IS NOT NULL) AS quantiles,
    greatest(min(seconds), 0) AS least,
    count(*) FILTER (WHERE seconds < - most) AS ahead,
    avg(- seconds) FILTER (WHERE seconds < - most) AS ahead_by
"""
# Both lags of an event are rows of their own: arrival, processing. Percentiles mean sorting, so of
# tenants only those with late events are looked at so closely. When an event is processed once more
# says nothing of how long it waited for us.
_LAGS = sa.text(f"""
    WITH rule AS (
        SELECT * FROM unnest(
            CAST(:names AS text[]), CAST(:limits AS float8[]), CAST(:opened AS timestamptz[]),
            CAST(:older AS timestamptz[]), CAST(:newer AS timestamptz[])
        ) AS r (name, most, opened, older, newer)
    ), newest AS MATERIALIZED (
        SELECT integration, tenant, most, older, newer, received_at, what, seconds
        FROM integration_monitor.webhook_events
        JOIN rule ON name = integration
        CROSS JOIN LATERAL (VALUES
            ('arrival', CAST(extract(epoch FROM received_at - occurred_at) AS float8)),
            ('processing', CASE WHEN state <> 'dead' AND replayed_at IS NULL THEN CAST(
                extract(epoch FROM coalesce(processed_at, :now) - received_at) AS float8) END)
        ) AS each (what, seconds)
        WHERE id > :after AND received_at > opened AND received_at > :first
    ), late AS (
        SELECT DISTINCT integration, tenant, what FROM newest WHERE seconds > most
    )
    SELECT integration, what, NULL AS tenant, {_SUMS}
    FROM newest GROUP BY integration, what
    UNION ALL
    SELECT integration, what, tenant, {_SUMS}
    FROM newest JOIN late USING (integration, tenant, what) GROUP BY integration, what, tenant
""")  # noqa: S608 - of constants


@dataclass(frozen=True)
class FoundLags:
    """By integration."""

    arrival: Mapping[str, Lags] = field(default_factory=dict)
    processing: Mapping[str, Lags] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)
    ahead: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    """How many came before they occurred, by more than the limit, and by how many seconds."""


def read(
    connection: sa.Connection, rules: Mapping[str, LagRules], after: int, now: datetime
) -> FoundLags:
    """The lags of events with an id above `after`, of integrations with these rules."""
    each = rules.values()
    opened = [now - one.window for one in each]
    rows = connection.execute(
        _LAGS,
        {
            "names": list(rules),
            "limits": [one.p95.total_seconds() for one in each],
            "opened": opened,
            "older": [now - one.lasting for one in each],
            "newer": [now - one.lasting / 2 for one in each],
            "first": min(opened),
            "after": after,
            "now": now,
        },
    )
    wholes: dict[str, dict[str, Lag]] = {"arrival": {}, "processing": {}}
    tenants: dict[str, dict[str, dict[str, Lag]]] = {
        "arrival": defaultdict(dict), "processing": defaultdict(dict),
    }  # fmt: skip
    events: dict[str, int] = {}
    ahead: dict[str, tuple[int, float]] = {}
    for row in rows:
        name, what = row.integration, row.what
        if row.tenant is None:
            events[name] = row.events
            if what == "arrival" and row.ahead:
                ahead[name] = (row.ahead, row.ahead_by)
            if row.known:
                wholes[what][name] = _lag(row)
        else:
            tenants[what][name][row.tenant] = _lag(row)
    found = {
        what: {name: Lags(lag, tenants[what].get(name, {})) for name, lag in of.items()}
        for what, of in wholes.items()
    }
    return FoundLags(found["arrival"], found["processing"], events, ahead)


def _lag(row: sa.Row[Any]) -> Lag:
    p50, p95 = row.quantiles
    return Lag(
        Stretches(row.known, row.older, row.newer),
        Stretches(row.late, row.late_older, row.late_newer),
        p50,
        p95,
        row.least,
    )
