"""Whom our receiver turned away, read for the judgement of silence and for what is usual."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from integration_monitor.signals.turned_away import (
    NOTHING,
    Floats,
    Stored,
    Stretch,
    TurnedAway,
    stretches,
)
from integration_monitor.signals.volume_facts import REJECTED_WITHIN, Rejected
from integration_monitor.signals.week_hours import hour_start
from integration_monitor.store.table_parts import SCHEMA

_MINUTES = """
    SELECT integration, array_agg(first_at) AS first, array_agg(last_at) AS last
    FROM (
        SELECT integration, CAST(extract(epoch FROM min(first_at)) AS float8) AS first_at,
               CAST(extract(epoch FROM max(last_at)) AS float8) AS last_at
        FROM unnest(CAST(:names AS text[]), CAST(:until AS timestamptz[])) AS asked (name, until)
        JOIN {schema}.webhook_rejections ON integration = name
        WHERE reason = 'unavailable' AND minute >= :since AND minute <= until
        GROUP BY integration, minute ORDER BY integration, minute
    ) AS each GROUP BY integration
"""
# What was stored in the hours in which some of it was turned away.
_STORED = """
    SELECT integration, array_agg(CAST(extract(epoch FROM first_at) AS float8)) AS first,
           array_agg(CAST(extract(epoch FROM last_at) AS float8)) AS last,
           array_agg(longest_s) AS longest
    FROM unnest(CAST(:names AS text[]), CAST(:hours AS timestamptz[])) AS asked (integration, hour)
    JOIN {schema}.webhook_counts USING (integration, hour)
    WHERE received > 0 GROUP BY integration
"""
# Two steps in the index each, however many requests there were.
_SINCE = """
    SELECT name, oldest.first_at, newest.last_at
    FROM unnest(CAST(:names AS text[]), CAST(:since AS timestamptz[])) AS asked (name, since)
    CROSS JOIN LATERAL (
        SELECT first_at FROM {schema}.webhook_rejections
        WHERE integration = name AND reason = 'unavailable' AND first_at > since
          AND minute >= date_trunc('minute', since) AND minute <= :now
        ORDER BY minute LIMIT 1
    ) AS oldest CROSS JOIN LATERAL (
        SELECT last_at FROM {schema}.webhook_rejections
        WHERE integration = name AND reason = 'unavailable' AND first_at > since
          AND minute >= date_trunc('minute', since) AND minute <= :now
        ORDER BY minute DESC LIMIT 1
    ) AS newest
"""
_REJECTED = """
    SELECT integration, connection, reason, CAST(sum(requests) AS bigint) AS requests,
           max(last_at) AS last_at
    FROM {schema}.webhook_rejections
    WHERE minute >= :since AND minute <= :now AND integration = ANY (:names)
    GROUP BY integration, connection, reason
"""


def before(
    connection: sa.Connection, until: Mapping[str, datetime], first_hour: int
) -> Mapping[str, Sequence[Stretch]]:
    """When integrations were turned away with 503, each until then.

    From the start of an hour on, counted since 1970. Those that never were are left out.
    """
    values = {
        "names": list(until),
        "until": list(until.values()),
        "since": hour_start(first_hour),
    }
    turned = {
        row.integration: TurnedAway(np.array(row.first), np.array(row.last))
        for row in connection.execute(sa.text(_MINUTES.format(schema=SCHEMA)), values)
    }
    stored = _stored(connection, {name: each.first for name, each in turned.items()})
    return {name: stretches(each, stored.get(name, NOTHING)) for name, each in turned.items()}


def since(
    connection: sa.Connection, last_at: Mapping[str, datetime], now: datetime
) -> Mapping[str, Stretch]:
    """From the first to the last request that was turned away with 503 since the last event.

    Nothing was stored in between. Those that were not turned away since are left out.
    """
    values = {"names": list(last_at), "since": list(last_at.values()), "now": now}
    rows = connection.execute(sa.text(_SINCE.format(schema=SCHEMA)), values)
    return {row.name: Stretch(row.first_at, row.last_at) for row in rows}


def rejected(
    connection: sa.Connection, names: Sequence[str], now: datetime
) -> Mapping[str, Sequence[Rejected]]:
    """By integration, which requests came of late and were not taken, whatever the reason."""
    values = {"names": list(names), "since": now - REJECTED_WITHIN, "now": now}
    found: dict[str, list[Rejected]] = defaultdict(list)
    for row in connection.execute(sa.text(_REJECTED.format(schema=SCHEMA)), values):
        found[row.integration].append(
            Rejected(row.connection, row.reason, row.requests, row.last_at)
        )
    return found


def _stored(connection: sa.Connection, at: Mapping[str, Floats]) -> Mapping[str, Stored]:
    """What was stored in the hours of these times, in seconds since 1970."""
    hours = [
        (name, hour_start(hour))
        for name, times in at.items()
        for hour in np.unique(times // 3600).astype(int).tolist()
    ]
    if not hours:
        return {}
    names, starts = zip(*hours, strict=True)
    values = {"names": list(names), "hours": list(starts)}
    rows = connection.execute(sa.text(_STORED.format(schema=SCHEMA)), values)
    return {
        row.integration: Stored(np.array(row.first), np.array(row.last), np.array(row.longest))
        for row in rows
    }
