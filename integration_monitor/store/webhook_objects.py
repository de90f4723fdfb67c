"""The newest event of each object: what tells an event that comes late from the latest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.store.arrays import unnest
from integration_monitor.store.webhook_tables import webhook_objects

Version = tuple[datetime, int]
"""When the event happened, and its number: a greater one is newer."""


class ObjectKey(NamedTuple):
    """An object of a partner's."""

    tenant: str
    kind: str
    object_id: str


def see(connection: sa.Connection, integration: str, seen: Mapping[ObjectKey, Version]) -> None:
    """Remember events of objects where they are newer than what is known."""
    if not seen:
        return
    rows = [
        {
            "integration": integration,
            "tenant": key.tenant,
            "kind": key.kind,
            "object_id": key.object_id,
            "occurred_at": at,
            "event": event,
        }
        for key, (at, event) in sorted(seen.items())
    ]
    statement = insert(webhook_objects)
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(webhook_objects.primary_key),
            set_={"occurred_at": new.occurred_at, "event": new.event},
            where=sa.tuple_(new.occurred_at, new.event)
            > sa.tuple_(webhook_objects.c.occurred_at, webhook_objects.c.event),
        ),
        rows,
    )


def newest(
    connection: sa.Connection, integration: str, keys: Collection[ObjectKey]
) -> dict[ObjectKey, Version]:
    """The newest events of these objects that were read."""
    if not keys:
        return {}
    wanted = unnest(*zip(*keys, strict=True)).table_valued(*ObjectKey._fields, name="wanted")
    columns = [webhook_objects.c[name] for name in ObjectKey._fields]
    query = sa.select(*columns, webhook_objects.c.occurred_at, webhook_objects.c.event).where(
        webhook_objects.c.integration == integration,
        sa.tuple_(*columns).in_(sa.select(wanted.render_derived())),
    )
    return {
        ObjectKey(row.tenant, row.kind, row.object_id): (row.occurred_at, row.event)
        for row in connection.execute(query)
    }
