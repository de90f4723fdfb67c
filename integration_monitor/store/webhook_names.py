"""Which integrations anything ever came of, be it only what was turned away."""

from __future__ import annotations

import sqlalchemy as sa

from integration_monitor.store.webhook_tables import (
    webhook_counts,
    webhook_events,
    webhook_rejections,
)

_TABLES = (webhook_events, webhook_counts, webhook_rejections)


def was_seen(connection: sa.Connection, name: str) -> bool:
    """Whether an integration of this name is among `seen`; each table has an index for it."""
    there = (sa.exists().where(table.c.integration == name) for table in _TABLES)
    return bool(connection.execute(sa.select(sa.or_(*there))).scalar_one())


def seen(connection: sa.Connection) -> tuple[str, ...]:
    """Their names, in order, as far back as events, counts and rejections are kept."""
    names = sa.union(*(sa.select(table.c.integration).distinct() for table in _TABLES))
    return tuple(sorted(connection.execute(names).scalars()))
