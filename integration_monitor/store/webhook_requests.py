"""Which requests were taken and which were turned away, by connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.call_rules import halves
from integration_monitor.signals.webhook_facts import (
    LASTING,
    NEW_FOR,
    REQUEST_WINDOW,
    Rejected,
    Requests,
)

# Counts have the repeats; events are there a second before their requests are counted, and also
# where a receiver was killed in that second.
_ACCEPTED = sa.text("""
    WITH stored AS (
        SELECT integration, connection, min(received_at) AS at
        FROM integration_monitor.webhook_events
        WHERE id > :after AND received_at >= :opened AND integration = ANY (:names)
        GROUP BY integration, connection, coalesce(request_id, - id)
    ), known AS (
        SELECT integration, connection, count(*) AS n,
               count(*) FILTER (WHERE at >= :older AND at < :newer) AS older,
               count(*) FILTER (WHERE at >= :newer) AS newer
        FROM stored GROUP BY integration, connection
        UNION ALL
        SELECT integration, connection, sum(requests),
               sum(requests) FILTER (WHERE minute >= :older AND minute < :newer),
               sum(requests) FILTER (WHERE minute >= :newer)
        FROM integration_monitor.webhook_accepted
        WHERE minute >= :opened AND integration = ANY (:names)
        GROUP BY integration, connection
    )
    SELECT integration, connection, CAST(max(n) AS bigint),
           CAST(coalesce(max(older), 0) AS bigint), CAST(coalesce(max(newer), 0) AS bigint)
    FROM known GROUP BY integration, connection
""")
_REJECTED = sa.text("""
    WITH recent AS (
        SELECT integration, connection, reason, min(first_at) AS first_at, max(last_at) AS last_at,
               CAST(coalesce(sum(requests) FILTER (WHERE minute >= :opened), 0) AS bigint) AS n,
               CAST(coalesce(sum(requests) FILTER (WHERE minute >= :older AND minute < :newer), 0)
                    AS bigint) AS older,
               CAST(coalesce(sum(requests) FILTER (WHERE minute >= :newer), 0) AS bigint) AS newer
        FROM integration_monitor.webhook_rejections
        WHERE minute >= :new AND integration = ANY (:names)
        GROUP BY integration, connection, reason
    )
    SELECT recent.*,
           EXISTS (SELECT FROM integration_monitor.webhook_events AS event
                   WHERE event.integration = recent.integration
                     AND event.connection = recent.connection) AS is_known,
           EXISTS (SELECT FROM integration_monitor.webhook_rejections AS before
                   WHERE before.integration = recent.integration
                     AND before.reason = recent.reason AND minute < :new) AS was_before
    FROM recent
""")


@dataclass(frozen=True)
class FoundRequests:
    """By integration."""

    connections: Mapping[str, Mapping[str, Requests]]
    first_seen: Mapping[str, Mapping[str, datetime]]


def read(
    connection: sa.Connection, names: Sequence[str], after: int, now: datetime
) -> FoundRequests:
    """Requests within `REQUEST_WINDOW`, and which reasons are new.

    Of those that were accepted a moment ago events with an id above `after` tell.
    """
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    parts = halves(end, LASTING)
    given = {
        "names": list(names),
        "after": after,
        "opened": end - REQUEST_WINDOW,
        "older": parts.older,
        "newer": parts.newer,
        "new": end - NEW_FOR,
    }
    accepted: dict[str, dict[str, Stretches]] = defaultdict(dict)
    for name, whose, *counts in connection.execute(_ACCEPTED, given):
        accepted[name][whose] = Stretches(*counts)
    rejected: dict[str, dict[str, dict[str, Rejected]]] = defaultdict(lambda: defaultdict(dict))
    known: set[tuple[str, str]] = set()
    first: dict[str, dict[str, datetime]] = defaultdict(dict)
    for row in connection.execute(_REJECTED, given):
        name, whose, reason = row.integration, row.connection, row.reason
        if not row.was_before:
            first[name][reason] = min(first[name].get(reason, row.first_at), row.first_at)
        if row.is_known:
            known.add((name, whose))
        if row.n:
            requests = Stretches(row.n, row.older, row.newer)
            rejected[name][whose][reason] = Rejected(requests, row.last_at)
    return FoundRequests(
        {
            name: {
                whose: Requests(
                    accepted[name].get(whose, Stretches()),
                    rejected[name].get(whose, {}),
                    is_known=whose in accepted[name] or (name, whose) in known,
                )
                for whose in sorted({*accepted[name], *rejected[name]})
            }
            for name in {*accepted, *rejected}
        },
        first,
    )
