"""What partners say of our subscriptions: one answer a connection, the newest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.signals.webhook_subscription import Said
from integration_monitor.store.webhook_tables import webhook_subscriptions


def read(connection: sa.Connection, names: Sequence[str]) -> Mapping[str, Mapping[str, Said]]:
    """By integration and connection."""
    table = webhook_subscriptions.c
    query = sa.select(
        table.integration, table.connection, table.asked_at, table.enabled, table.error
    ).where(table.integration.in_(list(names)))
    found: dict[str, dict[str, Said]] = defaultdict(dict)
    for name, whose, *said in connection.execute(query):
        found[name][whose] = Said(*said)
    return found


def save(
    connection: sa.Connection, integration: str, said: Mapping[str, Said], *, are_all: bool = True
) -> None:
    """Keep what was said of connections; where they are all, nothing is kept of others."""
    table = webhook_subscriptions
    if are_all:
        gone = table.c.connection.not_in(list(said))
        connection.execute(table.delete().where(table.c.integration == integration, gone))
    if not said:
        return
    rows = [
        {
            "integration": integration,
            "connection": whose,
            "asked_at": each.asked_at,
            "enabled": each.enabled,
            "error": each.error,
        }
        for whose, each in said.items()
    ]
    statement = insert(table).values(rows)
    news = {name: statement.excluded[name] for name in ("asked_at", "enabled", "error")}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c.integration, table.c.connection], set_=news
        )
    )
