"""Partners' announcements in headers, with whether their endpoints are still called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.deprecation import Announced
from integration_monitor.store.call_tables import call_hours, call_minutes, notices


def of_fleet(
    connection: sa.Connection, integrations: Collection[Integration], now: datetime
) -> Mapping[str, Sequence[Announced]]:
    """The notices of each integration that has any, by endpoint and header.

    When an endpoint was called last is looked up only where its notice was not seen for so long
    that it matters.
    """
    quiet_for = {each.name: each.calls.deprecation.withdrawn_after for each in integrations}
    rows = connection.execute(
        sa.select(notices)
        .where(notices.c.integration == sa.any_(sa.cast([*quiet_for], sa.ARRAY(sa.Text))))
        .order_by(notices.c.integration, notices.c.endpoint, notices.c.kind)
    ).all()
    quiet = {
        (row.integration, row.endpoint)
        for row in rows
        if now - row.last_seen >= quiet_for[row.integration]
    }
    called = _last_calls(connection, quiet)
    found: defaultdict[str, list[Announced]] = defaultdict(list)
    for row in rows:
        found[row.integration].append(
            Announced(
                row.endpoint, row.kind, row.on, row.link, row.first_seen, row.last_seen,
                called.get((row.integration, row.endpoint)),
            )
        )  # fmt: skip
    return found


def _last_calls(
    connection: sa.Connection, endpoints: Collection[tuple[str, str]]
) -> dict[tuple[str, str], datetime]:
    if not endpoints:
        return {}
    # Hours reach further back than minutes, and are formed some time after them.
    every = sa.union_all(
        *(
            sa.select(table.c.integration, table.c.endpoint, sa.func.max(time).label("at"))
            .where(sa.tuple_(table.c.integration, table.c.endpoint).in_(sorted(endpoints)))
            .group_by(table.c.integration, table.c.endpoint)
            for table, time in (
                (call_minutes, call_minutes.c.minute),
                (call_hours, call_hours.c.hour),
            )
        )
    ).subquery()
    query = sa.select(every.c.integration, every.c.endpoint, sa.func.max(every.c.at)).group_by(
        every.c.integration, every.c.endpoint
    )
    return {(name, endpoint): at for name, endpoint, at in connection.execute(query)}
