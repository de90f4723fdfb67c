"""What became of events at the sinks, by tenant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.webhook_facts import (
    DELIVERY_WINDOW,
    LASTING,
    OVERDUE_AFTER,
    Handed,
    Sink,
)

_HANDED = sa.text("""
    WITH handed AS (
        SELECT event, sink, integration, state, attempts, error
        FROM integration_monitor.webhook_deliveries
        WHERE event > :after AND integration = ANY (:names)
          AND (state <> 'waiting' OR attempts > 0 OR waiting_since < :overdue)
        UNION ALL
        SELECT event, sink, integration, state, attempts, error
        FROM integration_monitor.webhook_deliveries
        WHERE event <= :after AND integration = ANY (:names) AND state = 'waiting'
          AND (attempts > 0 OR waiting_since < :overdue)
    ), dated AS (
        SELECT handed.*, tenant, received_at, handed.state <> 'delivered' AS failed
        FROM handed JOIN integration_monitor.webhook_events AS known ON known.id = event
        WHERE received_at >= :opened OR handed.state = 'waiting'
    )
    SELECT integration, sink, tenant,
           count(*), count(*) FILTER (WHERE received_at >= :older AND received_at < :newer),
           count(*) FILTER (WHERE received_at >= :newer),
           count(*) FILTER (WHERE failed),
           count(*) FILTER (WHERE failed AND received_at >= :older AND received_at < :newer),
           count(*) FILTER (WHERE failed AND received_at >= :newer),
           count(*) FILTER (WHERE state = 'waiting' AND attempts > 0),
           count(*) FILTER (WHERE state = 'dead'),
           (array_agg(error ORDER BY event DESC) FILTER (WHERE failed AND error IS NOT NULL))[1],
           max(event) FILTER (WHERE failed AND error IS NOT NULL)
    FROM dated GROUP BY integration, sink, tenant
""")
# What a sink gave up is told of the sink.
_UNPROCESSABLE = sa.text("""
    SELECT integration, tenant,
           count(*), count(*) FILTER (WHERE received_at >= :older AND received_at < :newer),
           count(*) FILTER (WHERE received_at >= :newer)
    FROM integration_monitor.webhook_events AS known
    WHERE id > :after AND state = 'dead' AND received_at >= :opened AND integration = ANY (:names)
      AND NOT EXISTS (SELECT FROM integration_monitor.webhook_deliveries
                      WHERE event = known.id AND state = 'dead')
    GROUP BY integration, tenant
""")
# What waits to be read once more was read before: a replay takes nothing away.
_READ = sa.text("""
    SELECT integration, tenant,
           count(*), count(*) FILTER (WHERE received_at >= :older AND received_at < :newer),
           count(*) FILTER (WHERE received_at >= :newer)
    FROM integration_monitor.webhook_events
    WHERE id > :after AND received_at >= :opened AND integration = ANY (:names)
      AND (queued_at IS NOT NULL OR replayed_at IS NOT NULL)
    GROUP BY integration, tenant
""")


def sinks(
    connection: sa.Connection, names: Sequence[str], after: int, now: datetime
) -> Mapping[str, Mapping[str, Sink]]:
    """By integration and sink: events with an id above `after`, and older ones that wait."""
    tenants: dict[str, dict[str, dict[str, Handed]]] = defaultdict(lambda: defaultdict(dict))
    errors: dict[tuple[str, str], tuple[int, str]] = {}
    for row in connection.execute(_HANDED, _given(names, after, now)):
        name, sink, tenant, *counts, retried, dead, error, event = row
        handed = Handed(Stretches(*counts[:3]), Stretches(*counts[3:]), retried, dead)
        tenants[name][sink][tenant] = handed
        if error is not None and event > errors.get((name, sink), (0, ""))[0]:
            errors[name, sink] = (event, error)
    return {
        name: {
            sink: Sink(by_tenant, errors.get((name, sink), (0, None))[1])
            for sink, by_tenant in sorted(of.items())
        }
        for name, of in tenants.items()
    }


def unprocessable(
    connection: sa.Connection, names: Sequence[str], after: int, now: datetime
) -> Mapping[str, Mapping[str, Handed]]:
    """By integration and tenant: events that were read, of integrations with some that could not
    be, and so reached no sink.
    """
    dead = _stretches(connection, _UNPROCESSABLE, _given(names, after, now))
    if not dead:
        return {}
    read = _stretches(connection, _READ, _given(list(dead), after, now))
    return {
        name: {tenant: _read(tried, dead[name].get(tenant)) for tenant, tried in of.items()}
        for name, of in read.items()
    }


def _read(tried: Stretches, dead: Stretches | None) -> Handed:
    return Handed(tried, dead, dead=dead.window) if dead else Handed(tried)


def _stretches(
    connection: sa.Connection, query: sa.TextClause, given: Mapping[str, object]
) -> Mapping[str, Mapping[str, Stretches]]:
    found: dict[str, dict[str, Stretches]] = defaultdict(dict)
    for name, tenant, *counts in connection.execute(query, given):
        found[name][tenant] = Stretches(*counts)
    return found


def _given(names: Sequence[str], after: int, now: datetime) -> dict[str, object]:
    return {
        "names": list(names),
        "after": after,
        "opened": now - DELIVERY_WINDOW,
        "older": now - LASTING,
        "newer": now - LASTING / 2,
        "overdue": now - OVERDUE_AFTER,
    }
