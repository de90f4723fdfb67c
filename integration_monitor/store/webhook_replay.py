"""Putting events back to be processed once more."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from integration_monitor.store.webhook_tables import webhook_deliveries, webhook_events


def replay(
    connection: sa.Connection,
    now: datetime,
    *,
    integration: str | None = None,
    whose: str | None = None,
    event_id: str | None = None,
    since: datetime | None = None,
    dead: bool = False,
) -> int:
    """Let events be read and handed on again, as they would be if they came now; how many.

    All that is given must fit; of a connection, `whose` is its name. Of `dead` ones only the sinks
    that gave up get them again, of others all sinks. Doing it twice is the same as doing it once.
    """
    wanted = _wanted(integration, whose, event_id, since, dead=dead)
    of_wanted = webhook_deliveries.c.event.in_(sa.select(webhook_events.c.id).where(*wanted))
    # First of all: who is delivering one of these just now holds it, and then needs the event.
    forgotten = webhook_deliveries.delete().where(of_wanted)
    if dead:
        forgotten = forgotten.where(webhook_deliveries.c.state == "dead")
    connection.execute(forgotten)
    # What nobody has read yet has waited since it came, and goes on doing so.
    was_read = webhook_events.c.queued_at.is_not(None)
    again = (
        webhook_events.update()
        .where(*wanted)
        .values(
            state="received",
            queued_at=None,
            processed_at=None,
            replayed_at=sa.case((was_read, now), else_=webhook_events.c.replayed_at),
            error=None,
        )
    )
    return connection.execute(again).rowcount


def _wanted(
    integration: str | None,
    whose: str | None,
    event_id: str | None,
    since: datetime | None,
    *,
    dead: bool,
) -> list[sa.ColumnElement[bool]]:
    wanted: list[sa.ColumnElement[bool]] = []
    if integration is not None:
        wanted.append(webhook_events.c.integration == integration)
    if whose is not None:
        wanted.append(webhook_events.c.connection == whose)
    if event_id is not None:
        wanted.append(webhook_events.c.event_id == event_id)
    if since is not None:
        wanted.append(webhook_events.c.received_at >= since)
    if dead:
        wanted.append(webhook_events.c.state == "dead")
    return wanted
