"""How late the newest events came, and how long they waited for us."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.webhook_facts import LASTING, WINDOW, Lag, Lags

UNKNOWN = Lags()

# Both lags of an event are rows of their own from here on: arrival, processing.
_LAGS = sa.text("""
    WITH rule AS (
        SELECT * FROM unnest(CAST(:names AS text[]), CAST(:limits AS float8[])) AS r (name, most)
    ), newest AS MATERIALIZED (
        SELECT integration, tenant, most, received_at, what, seconds
        FROM integration_monitor.webhook_events
        JOIN rule ON name = integration
        CROSS JOIN LATERAL (VALUES
            ('arrival', CAST(extract(epoch FROM received_at - occurred_at) AS float8)),
            ('processing', CASE WHEN state <> 'dead' THEN CAST(
                extract(epoch FROM coalesce(processed_at, :now) - received_at) AS float8) END)
        ) AS each (what, seconds)
        WHERE id > :after AND received_at > :opened
    )
    SELECT integration, tenant, grouping(tenant) = 1 AS is_whole, what,
           count(*) AS events,
           count(seconds) AS known,
           count(seconds) FILTER (WHERE received_at >= :older AND received_at < :newer),
           count(seconds) FILTER (WHERE received_at >= :newer),
           count(*) FILTER (WHERE seconds > most),
           count(*) FILTER (WHERE seconds > most AND received_at >= :older
                            AND received_at < :newer),
           count(*) FILTER (WHERE seconds > most AND received_at >= :newer),
           percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY greatest(seconds, 0))
               FILTER (WHERE seconds IS NOT NULL),
           greatest(min(seconds), 0),
           count(*) FILTER (WHERE seconds < - most),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY - seconds) FILTER (WHERE seconds < - most)
    FROM newest
    GROUP BY GROUPING SETS ((integration, what), (integration, tenant, what))
    HAVING grouping(tenant) = 1 OR count(*) FILTER (WHERE seconds > most) > 0
""")


@dataclass(frozen=True)
class FoundLags:
    """By integration."""

    arrival: Mapping[str, Lags] = field(default_factory=dict)
    processing: Mapping[str, Lags] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)
    ahead: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    """How many came before they occurred, by more than the limit, and by how many seconds."""


def read(
    connection: sa.Connection, limits: Mapping[str, timedelta], after: int, now: datetime
) -> FoundLags:
    """The lags of events with an id above `after`, of integrations with these limits."""
    rows = connection.execute(
        _LAGS,
        {
            "names": list(limits),
            "limits": [limit.total_seconds() for limit in limits.values()],
            "after": after,
            "now": now,
            "opened": now - WINDOW,
            "older": now - LASTING,
            "newer": now - LASTING / 2,
        },
    )
    wholes: dict[str, dict[str, Lag]] = {"arrival": {}, "processing": {}}
    tenants: dict[str, dict[str, dict[str, Lag]]] = {
        "arrival": defaultdict(dict), "processing": defaultdict(dict),
    }  # fmt: skip
    events: dict[str, int] = {}
    ahead: dict[str, tuple[int, float]] = {}
    for name, tenant, is_whole, what, count, known, *rest in rows:
        if is_whole:
            events[name] = count
            if what == "arrival" and rest[-2]:
                ahead[name] = (rest[-2], rest[-1])
        if not known:
            continue
        lag = _lag(known, rest)
        if is_whole:
            wholes[what][name] = lag
        else:
            tenants[what][name][tenant] = lag
    found = {
        what: {name: Lags(lag, tenants[what].get(name, {})) for name, lag in of.items()}
        for what, of in wholes.items()
    }
    return FoundLags(found["arrival"], found["processing"], events, ahead)


def _lag(known: int, rest: list[Any]) -> Lag:
    older, newer, late, late_older, late_newer, (p50, p95), least, *_ = rest
    return Lag(
        Stretches(known, older, newer), Stretches(late, late_older, late_newer), p50, p95, least
    )
