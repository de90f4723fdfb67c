"""What calls showed besides their number: failing ones, rate limits, notices, fields of answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.signals.shape import as_json
from integration_monitor.store import exemplars
from integration_monitor.store.call_batch import Batch, Notice, RateLimit, ShapeSeen
from integration_monitor.store.call_tables import notices, rate_limits, response_shapes
from integration_monitor.store.storable import storable, storable_json, storable_or_none, whole

Seen = TypeVar("Seen", RateLimit, Notice)


def add(connection: sa.Connection, batch: Batch) -> None:
    """Store them; what was seen later wins."""
    _add_rate_limits(connection, batch.rate_limits)
    _add_notices(connection, batch.notices)
    _add_shapes(connection, batch.shapes)
    exemplars.add(connection, batch.exemplars)


def _add_rate_limits(connection: sa.Connection, seen: Iterable[RateLimit]) -> None:
    latest = _latest(seen, _limit)
    rows = [
        {
            "integration": key[0], "tenant": key[1], "policy": key[2],
            "limit": whole(each.limit), "remaining": whole(each.remaining),
            "reset_at": each.reset_at, "window_s": each.window_s, "seen_at": each.seen_at,
        }
        for key, each in latest
    ]  # fmt: skip
    if not rows:
        return
    new = insert(rate_limits)
    statement = new.on_conflict_do_update(
        index_elements=rate_limits.primary_key,
        set_={
            name: new.excluded[name]
            for name in ("limit", "remaining", "reset_at", "window_s", "seen_at")
        },
        where=rate_limits.c.seen_at <= new.excluded.seen_at,
    )
    connection.execute(statement, rows)


def _add_notices(connection: sa.Connection, seen: Sequence[Notice]) -> None:
    first = _latest(seen, _notice, newest=False)
    rows = [
        {
            "integration": key[0], "endpoint": key[1], "kind": key[2],
            "on": last.on, "link": storable_or_none(last.link),
            "first_seen": first_seen.seen_at, "last_seen": last.seen_at,
        }
        for (key, last), (_, first_seen) in zip(_latest(seen, _notice), first, strict=True)
    ]  # fmt: skip
    if not rows:
        return
    new = insert(notices)
    is_newer = new.excluded.last_seen >= notices.c.last_seen
    statement = new.on_conflict_do_update(
        index_elements=notices.primary_key,
        set_={
            "first_seen": sa.func.least(notices.c.first_seen, new.excluded.first_seen),
            "last_seen": sa.func.greatest(notices.c.last_seen, new.excluded.last_seen),
            **{
                name: sa.case((is_newer, new.excluded[name]), else_=notices.c[name])
                for name in ("on", "link")
            },
        },
    )
    connection.execute(statement, rows)


def _limit(each: RateLimit) -> tuple[str, ...]:
    return storable(each.integration), storable(each.tenant), storable(each.policy)


def _notice(each: Notice) -> tuple[str, ...]:
    return storable(each.integration), storable(each.endpoint), each.kind


def _latest(
    seen: Iterable[Seen], key: Callable[[Seen], tuple[str, ...]], *, newest: bool = True
) -> list[tuple[tuple[str, ...], Seen]]:
    """One of each key, by key: writers that lock rows in one order never wait for each other."""
    by_time = sorted(seen, key=lambda each: each.seen_at, reverse=not newest)
    return sorted({key(each): each for each in by_time}.items(), key=lambda item: item[0])


def _add_shapes(connection: sa.Connection, seen: Iterable[ShapeSeen]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "integration": storable(each.integration), "endpoint": storable(each.endpoint),
            "shape": storable_json(as_json(each.shape)), "seen_at": each.seen_at,
        }
        for each in seen
    ]  # fmt: skip
    if rows:
        connection.execute(response_shapes.insert(), rows)
