"""How the streams of webhooks are doing: all that is needed to judge them, in few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.flat_line import Baseline, Tail
from integration_monitor.signals.verdict import WEBHOOKS
from integration_monitor.signals.volume_facts import ALL, Drop, Stream, Subscribed, VolumeFacts
from integration_monitor.signals.week_hours import hour_number, hour_start
from integration_monitor.store import receiver_times, turned_away, verdicts
from integration_monitor.store.arrays import each_text
from integration_monitor.store.table_parts import SCHEMA
from integration_monitor.store.webhook_tables import webhook_counts, webhook_subscriptions

LOOK_BACK = timedelta(weeks=6)
"""How far back silence is measured; longer ones count as this."""

# Of each stream the newest hour that had events, and when the one before it had its last: two
# steps from the end of the primary key.
_STREAMS = """
    SELECT known.*, newest.*
    FROM {schema}.webhook_baselines AS known LEFT JOIN LATERAL (
        SELECT received, first_at, last_at, lead(last_at) OVER (ORDER BY hour DESC) AS before
        FROM (
            SELECT hour, received, first_at, last_at FROM {schema}.webhook_counts AS counts
            WHERE counts.integration = known.integration AND counts.tenant = known.tenant
              AND counts.type = known.type
            ORDER BY hour DESC LIMIT 2
        ) AS two ORDER BY hour DESC LIMIT 1
    ) AS newest ON true
    WHERE known.integration = ANY (:names)
"""


def read(
    connection: sa.Connection, integrations: Iterable[Integration], now: datetime
) -> dict[str, VolumeFacts]:
    """The facts of each integration by name. Streams are those that have a baseline."""
    names = [integration.name for integration in integrations]
    receiver = receiver_times.read(connection, hour_number(now - LOOK_BACK), now)
    streams: dict[str, list[Stream]] = defaultdict(list)
    sums: dict[str, sa.Row[Any]] = {}
    for row in connection.execute(sa.text(_STREAMS.format(schema=SCHEMA)), {"names": names}):
        if row.tenant == ALL and row.type == ALL:
            sums[row.integration] = row
        elif row.last_at is not None:
            streams[row.integration].append(_stream(row, row.received, row.first_at, row.last_at))
    last_hour = _last_hour(connection, names, now)
    subscriptions = _subscriptions(connection, names)
    whole = {name: _whole(sums.get(name), streams.get(name, ())) for name in names}
    last_at = {name: each.last_at for name, each in whole.items() if each}
    first_at = hour_start(receiver.first_hour)
    away = turned_away.before(connection, last_at, receiver.first_hour)
    away_since = turned_away.since(
        connection, {name: last_at.get(name, first_at) for name in names}, now
    )
    rejected = turned_away.rejected(connection, names, now)
    watched = verdicts.first_judged(connection, WEBHOOKS, [n for n in names if n not in sums])
    return {
        name: VolumeFacts(
            name,
            receiver.without(away.get(name, ()), away_since.get(name)),
            streams=streams.get(name, ()),
            whole=whole[name],
            last_hour=last_hour.get(name, {}),
            subscriptions=subscriptions.get(name, {}),
            turned_away=away_since.get(name),
            rejected=rejected.get(name, ()),
            watched_since=watched.get(name),
        )
        for name in names
    }


def _stream(
    row: sa.Row[Any],
    returned: int,
    returned_at: datetime,
    last_at: datetime,
    before: datetime | None = None,
) -> Stream:
    drop = None
    if row.drop_since is not None:
        drop = Drop(row.drop_since, row.drop_received, row.drop_expected)
    shapes = np.frombuffer(row.shapes, "<f4").astype(np.float64)
    tail = None
    if row.tail_start is not None:
        tail = Tail(row.tail_start, row.tail_excess, row.tail_share)
    long_gap = None if row.long_gap_s is None else timedelta(seconds=row.long_gap_s)
    baseline = Baseline(row.weeks, row.events, shapes, tail, long_gap)
    known_before = row.before if before is None else before
    return Stream(
        row.tenant, row.type, baseline, last_at, returned_at, returned, known_before, drop
    )


def _whole(row: sa.Row[Any] | None, streams: Sequence[Stream]) -> Stream | None:
    """The sum of all streams: its newest hour is the newest of any of them."""
    if row is None or not streams:
        return None
    last_at = max(stream.last_at for stream in streams)
    newest = [each for each in streams if hour_number(each.last_at) == hour_number(last_at)]
    earlier = [each.last_at for each in streams if hour_number(each.last_at) < hour_number(last_at)]
    earlier += [each.silent_since for each in newest if each.silent_since is not None]
    return _stream(
        row,
        returned=sum(each.returned for each in newest),
        returned_at=min(each.returned_at for each in newest),
        last_at=last_at,
        before=max(earlier, default=None),
    )


def _last_hour(
    connection: sa.Connection, names: Sequence[str], now: datetime
) -> Mapping[str, Mapping[str, int]]:
    hour = hour_start(hour_number(now) - 1)
    counts = webhook_counts.c
    query = (
        sa.select(counts.integration, counts.type, sa.func.sum(counts.received))
        .where(counts.hour == hour, counts.integration.in_(sa.select(each_text(names))))
        .group_by(counts.integration, counts.type)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for integration, kind, received in connection.execute(query):
        found[integration][kind] = int(received)
    return found


def _subscriptions(
    connection: sa.Connection, names: Sequence[str]
) -> Mapping[str, Mapping[str, Subscribed]]:
    said = webhook_subscriptions.c
    query = sa.select(said.integration, said.connection, said.asked_at, said.enabled).where(
        said.integration.in_(sa.select(each_text(names)))
    )
    found: dict[str, dict[str, Subscribed]] = defaultdict(dict)
    for row in connection.execute(query):
        found[row.integration][row.connection] = Subscribed(
            row.connection, row.asked_at, row.enabled
        )
    return found
