"""When receivers ran, read for the judgement of silence and for learning what is usual."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import sqlalchemy as sa

from integration_monitor.signals.receiver_time import (
    BLIND_AFTER,
    Floats,
    ReceiverTime,
    receiver_time,
)
from integration_monitor.signals.week_hours import hour_number, hour_start
from integration_monitor.store.table_parts import SCHEMA
from integration_monitor.store.webhook_tables import receiver_minutes

_MASKS = """
    SELECT CAST(floor(extract(epoch FROM minute) / 3600) AS bigint) AS hour,
           bit_or(CAST(1 AS bigint) << CAST(extract(minute FROM minute) AS int))
    FROM {schema}.receiver_minutes WHERE minute >= :since AND minute <= :now GROUP BY 1
"""
_BUSY = """
    SELECT hour FROM unnest(CAST(:hours AS timestamptz[])) AS hour
    WHERE EXISTS (SELECT 1 FROM {schema}.webhook_counts AS counts WHERE counts.hour = hour.hour)
"""


def read(connection: sa.Connection, first_hour: int, now: datetime) -> ReceiverTime:
    """The minutes from the start of an hour, counted since 1970, up to `now`."""
    values = {"since": hour_start(first_hour), "now": now}
    rows = connection.execute(sa.text(_MASKS.format(schema=SCHEMA)), values)
    masks = {row[0]: row[1] for row in rows}
    since = connection.execute(sa.select(sa.func.min(receiver_minutes.c.minute))).scalar()
    return receiver_time(masks, since, first_hour, now)


def is_blind(connection: sa.Connection, now: datetime) -> bool:
    """Whether no receiver runs."""
    newest = connection.execute(sa.select(sa.func.max(receiver_minutes.c.minute))).scalar()
    return newest is None or now - newest >= BLIND_AFTER


def learned_from(connection: sa.Connection, known: ReceiverTime) -> Floats:
    """Of each hour, the share in which somebody would have noticed events.

    Before the first minute that is known, and in hours in which events came nevertheless, it is
    all of it: they were loaded from elsewhere.
    """
    shares = known.hours.copy()
    before = len(shares) if known.since is None else hour_number(known.since) - known.first_hour
    shares[: max(before + 1, 0)] = 1.0
    idle = [hour_start(known.first_hour + int(place)) for place in np.flatnonzero(shares == 0)]
    for row in connection.execute(sa.text(_BUSY.format(schema=SCHEMA)), {"hours": idle}):
        shares[hour_number(row.hour) - known.first_hour] = 1.0
    return shares
