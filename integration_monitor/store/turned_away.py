"""Whom our receiver turned away, read for the judgement of silence and for what is usual."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from integration_monitor.signals.turned_away import (
    NOTHING,
    Stored,
    Stretch,
    TurnedAway,
    stretches,
)
from integration_monitor.signals.volume_facts import REJECTED_WITHIN, Rejected
from integration_monitor.signals.week_hours import hour_start
from integration_monitor.store.table_parts import SCHEMA

_MINUTES = """
    SELECT integration, array_agg(first_at ORDER BY first_at) AS first,
           array_agg(last_at ORDER BY first_at) AS last
    FROM (
        SELECT integration, CAST(extract(epoch FROM min(first_at)) AS float8) AS first_at,
               CAST(extract(epoch FROM max(last_at)) AS float8) AS last_at
        FROM {schema}.webhook_rejections
        WHERE reason = 'unavailable' AND integration = ANY (:names)
          AND minute >= :since AND minute <= :now
        GROUP BY integration, minute
    ) AS each GROUP BY integration
"""
# What was stored in the hours in which some of it was turned away.
_STORED = """
    WITH hours AS (
        SELECT DISTINCT integration, date_trunc('hour', minute, 'UTC') AS hour
        FROM {schema}.webhook_rejections
        WHERE reason = 'unavailable' AND integration = ANY (:names)
          AND minute >= :since AND minute <= :now
    )
    SELECT integration, array_agg(CAST(extract(epoch FROM first_at) AS float8)) AS first,
           array_agg(CAST(extract(epoch FROM last_at) AS float8)) AS last,
           array_agg(longest_s) AS longest
    FROM hours JOIN {schema}.webhook_counts USING (integration, hour)
    WHERE received > 0 GROUP BY integration
"""
_REJECTED = """
    SELECT integration, connection, reason, CAST(sum(requests) AS bigint) AS requests,
           max(last_at) AS last_at
    FROM {schema}.webhook_rejections
    WHERE minute >= :since AND minute <= :now AND integration = ANY (:names)
    GROUP BY integration, connection, reason
"""


@dataclass(frozen=True, eq=False)
class _Known:
    turned: TurnedAway
    stored: Stored


class Unavailable:
    """The requests that were answered 503, of a whole fleet."""

    def __init__(self, known: Mapping[str, _Known]) -> None:
        self._known = known

    def of(self, name: str, last_at: datetime | None = None) -> Sequence[Stretch]:
        """When nothing of an integration could be taken; `last_at` is its last event, if known."""
        known = self._known.get(name)
        return stretches(known.turned, known.stored, last_at) if known else ()


def read(
    connection: sa.Connection, names: Sequence[str], first_hour: int, now: datetime
) -> Unavailable:
    """What was turned away with 503 from the start of an hour on, counted since 1970."""
    values = {"names": list(names), "since": hour_start(first_hour), "now": now}
    turned = {
        row.integration: TurnedAway(np.array(row.first), np.array(row.last))
        for row in connection.execute(sa.text(_MINUTES.format(schema=SCHEMA)), values)
    }
    if not turned:
        return Unavailable({})
    rows = connection.execute(
        sa.text(_STORED.format(schema=SCHEMA)), {**values, "names": list(turned)}
    )
    stored = {
        row.integration: Stored(np.array(row.first), np.array(row.last), np.array(row.longest))
        for row in rows
    }
    return Unavailable(
        {name: _Known(each, stored.get(name, NOTHING)) for name, each in turned.items()}
    )


def rejected(
    connection: sa.Connection, names: Sequence[str], now: datetime
) -> Mapping[str, Sequence[Rejected]]:
    """By integration, which requests came of late and were not taken, whatever the reason."""
    values = {"names": list(names), "since": now - REJECTED_WITHIN}
    found: dict[str, list[Rejected]] = defaultdict(list)
    query = sa.text(_REJECTED.format(schema=SCHEMA))
    for row in connection.execute(query, {**values, "now": now}):
        found[row.integration].append(
            Rejected(row.connection, row.reason, row.requests, row.last_at)
        )
    return found
