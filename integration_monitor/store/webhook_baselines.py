"""Learning, once an hour, how each stream of webhooks usually flows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.manifest.domain import Integration
from integration_monitor.manifest.webhooks import VolumeRules
from integration_monitor.signals.flat_line_fit import HourCounts, Training, fit, merged, training
from integration_monitor.signals.volume_drop import find_drop
from integration_monitor.signals.volume_facts import ALL
from integration_monitor.signals.week_hours import hour_number, hour_start, week_hours
from integration_monitor.store import receiver_times, turned_away
from integration_monitor.store.engine import Store
from integration_monitor.store.table_parts import SCHEMA
from integration_monitor.store.webhook_tables import webhook_baselines

TRAINING = timedelta(weeks=5)
EVERY = timedelta(hours=1)
_TOGETHER = 500
"""Streams that are read and written at a time."""

Row = Mapping[str, object]

_DUE = """
    SELECT name FROM unnest(CAST(:names AS text[])) AS name
    WHERE EXISTS (
        SELECT 1 FROM {schema}.webhook_counts WHERE integration = name AND hour >= :since
    ) AND NOT EXISTS (
        SELECT 1 FROM {schema}.webhook_baselines
        WHERE integration = name AND tenant = '*' AND type = '*' AND fitted_at > :fresh
    )
"""
# The hours of a stream as one value, five numbers an hour: a row an hour would take us far longer.
_COUNTS = """
    SELECT tenant, type, string_agg(
        float8send(extract(epoch FROM hour)) || float8send(received)
        || float8send(extract(epoch FROM first_at)) || float8send(extract(epoch FROM last_at))
        || float8send(longest_s), ''
    ) AS hours
    FROM {schema}.webhook_counts
    WHERE integration = :integration AND hour >= :since AND hour <= :now AND received > 0
    GROUP BY tenant, type ORDER BY tenant, type
"""


def refresh(
    store: Store,
    integrations: Iterable[Integration],
    now: datetime,
    *,
    enough: Callable[[], bool] = lambda: False,
) -> int:
    """Learn anew of each integration whose baselines are an hour old; gives how many there were.

    Each is a transaction of its own, and may be repeated. `enough` is asked before each; what is
    left has its turn next time. Raises `StoreError`.
    """
    watched = {each.name: each.webhooks.volume for each in integrations if each.webhooks}
    with store.begin() as connection:
        values = {
            "names": list(watched),
            "since": hour_start(hour_number(now - TRAINING)),
            "fresh": now - EVERY,
        }
        due = [row.name for row in connection.execute(sa.text(_DUE.format(schema=SCHEMA)), values)]
    done = 0
    for name in due:
        if enough():
            break
        with store.begin() as connection:
            _learn(connection, name, watched[name], now)
        done += 1
    return done


def _learn(connection: sa.Connection, name: str, rules: VolumeRules, now: datetime) -> None:
    first_hour = hour_number(now - TRAINING)
    known = receiver_times.read(connection, first_hour, now)
    away = turned_away.before(connection, {name: now}, first_hour).get(name, ())
    shares = receiver_times.learned_from(connection, known)
    # Taken out last: in such hours others had events, and this one had none that could be learned.
    shares -= known.hours - known.without(away).hours
    hours = training(
        first_hour, week_hours(rules.timezone, rules.holidays, first_hour, len(shares)), shares
    )
    whole: list[HourCounts] = []
    # Their state is read while others are written, so all are taken first.
    for together in list(_streams(connection, name, first_hour, now)):
        rows = [_row(name, *stream, hours, rules, now) for stream in together]
        _write(connection, rows)
        whole = [merged([*whole, *(counts for _, _, counts in together)])]
    if whole:
        _write(connection, [_row(name, ALL, ALL, whole[0], hours, rules, now)])
    gone = webhook_baselines.c.fitted_at < now
    connection.execute(
        sa.delete(webhook_baselines).where(webhook_baselines.c.integration == name, gone)
    )


def _streams(
    connection: sa.Connection, name: str, first_hour: int, now: datetime
) -> Iterator[Sequence[tuple[str, str, HourCounts]]]:
    values = {"integration": name, "since": hour_start(first_hour), "now": now}
    rows = connection.execute(sa.text(_COUNTS.format(schema=SCHEMA)), values)
    for together in rows.partitions(_TOGETHER):
        yield [(row.tenant, row.type, _counts(row.hours)) for row in together]


def _counts(packed: bytes) -> HourCounts:
    each = np.frombuffer(packed, ">f8").astype(np.float64).reshape(-1, 5)
    longest = each[:, 4]
    return HourCounts(
        hours=(each[:, 0] // 3600).astype(np.int64),
        received=each[:, 1].astype(np.int64),
        first=each[:, 2],
        last=each[:, 3],
        # Counts that were loaded from elsewhere may not have it.
        longest=longest if longest.any() else None,
    )


def _row(
    integration: str,
    tenant: str,
    kind: str,
    counts: HourCounts,
    hours: Training,
    rules: VolumeRules,
    now: datetime,
) -> Row:
    learned = fit(counts, hours)
    tail = learned.tail if learned else None
    long_gap = learned.long_gap if learned else None
    drop = find_drop(counts, hours, rules)
    return {
        "integration": integration,
        "tenant": tenant,
        "type": kind,
        "fitted_at": now,
        "weeks": learned.weeks if learned else 0.0,
        "events": learned.events if learned else 0,
        "shapes": (learned.shapes if learned else np.zeros(168)).astype("<f4").tobytes(),
        "tail_start": tail.start if tail else None,
        "tail_excess": tail.excess if tail else None,
        "tail_share": tail.share if tail else None,
        "long_gap_s": long_gap.total_seconds() if long_gap is not None else None,
        "drop_since": drop.since if drop else None,
        "drop_received": drop.received if drop else None,
        "drop_expected": drop.expected if drop else None,
    }


def _write(connection: sa.Connection, rows: Sequence[Row]) -> None:
    new = insert(webhook_baselines)
    key = {column.name for column in webhook_baselines.primary_key}
    learned = {name: new.excluded[name] for name in rows[0] if name not in key}
    connection.execute(
        new.on_conflict_do_update(index_elements=webhook_baselines.primary_key, set_=learned), rows
    )
