"""The events that came since events were late: whether they are in time again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from integration_monitor.signals.webhook_lag_hold import Newer, NewerEvents

# Of each tenant, and of all (NULL), the events after the newest late one. A clock that is ahead
# makes no event one that is in time, nor does one that waits to be processed, or is once more.
_NEWER = sa.text("""
    WITH rule AS (
        SELECT * FROM unnest(
            CAST(:names AS text[]), CAST(:limits AS float8[]), CAST(:since AS timestamptz[])
        ) AS r (name, most, since)
    ), newer AS MATERIALIZED (
        SELECT id, integration, tenant, received_at,
            received_at - occurred_at BETWEEN -1 * each.most AND each.most AS arrived,
            received_at - occurred_at > each.most AS arrived_late,
            is_told AND processed_at - received_at <= each.most AS processed,
            is_told AND coalesce(processed_at, :now) - received_at > each.most AS processed_late
        FROM integration_monitor.webhook_events
        JOIN (SELECT name, since, make_interval(secs => most) AS most FROM rule) AS each
            ON name = integration
        CROSS JOIN LATERAL (SELECT state <> 'dead' AND replayed_at IS NULL AS is_told) AS known
        WHERE id > :after AND received_at > since AND received_at > :first
    ), late AS (
        SELECT integration, tenant, max(received_at) AS last_at,
            coalesce(max(id) FILTER (WHERE arrived_late), 0) AS arrived_late,
            coalesce(max(id) FILTER (WHERE processed_late), 0) AS processed_late
        FROM newer GROUP BY GROUPING SETS ((integration), (integration, tenant))
    )
    SELECT late.integration, late.tenant, last_at,
        count(*) FILTER (WHERE arrived AND id > late.arrived_late) AS arrived,
        count(*) FILTER (WHERE processed AND id > late.processed_late) AS processed
    FROM late JOIN newer
        ON newer.integration = late.integration AND newer.tenant = late.tenant
        WHERE late.tenant IS NOT NULL
        GROUP BY late.integration, late.tenant, last_at
    UNION ALL
    SELECT late.integration, NULL, last_at,
        count(*) FILTER (WHERE arrived AND id > late.arrived_late),
        count(*) FILTER (WHERE processed AND id > late.processed_late)
    FROM late JOIN newer ON newer.integration = late.integration
        WHERE late.tenant IS NULL
        GROUP BY late.integration, last_at
""")
NOTHING = NewerEvents()


@dataclass(frozen=True)
class Held:
    """What is asked of one integration."""

    most: timedelta
    """What takes longer is late."""
    since: datetime


def read(
    connection: sa.Connection, held: Mapping[str, Held], after: int, now: datetime
) -> Mapping[str, NewerEvents]:
    """Of these integrations, from the events with an id above `after`; those without are absent."""
    if not held:
        return {}
    rows = connection.execute(
        _NEWER,
        {
            "names": list(held),
            "limits": [each.most.total_seconds() for each in held.values()],
            "since": [each.since for each in held.values()],
            "first": min(each.since for each in held.values()),
            "after": after,
            "now": now,
        },
    )
    return _by_integration(rows)


def _by_integration(rows: Iterable[sa.Row[tuple[object, ...]]]) -> Mapping[str, NewerEvents]:
    wholes: dict[str, Newer] = {}
    tenants: dict[str, dict[str, Newer]] = defaultdict(dict)
    for row in rows:
        newer = Newer(row.last_at, {"arrival": row.arrived, "processing": row.processed})
        if row.tenant is None:
            wholes[row.integration] = newer
        else:
            tenants[row.integration][row.tenant] = newer
    return {name: NewerEvents(newer, tenants[name]) for name, newer in wholes.items()}
