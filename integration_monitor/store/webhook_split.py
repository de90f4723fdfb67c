"""Storing the events of requests that were stored as one event each, as long as nobody knew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import psycopg
import sqlalchemy as sa

from integration_monitor.store.columns import register
from integration_monitor.store.webhook_intake import Arrival, parameters
from integration_monitor.store.webhook_sql import ADD_FOUND, REQUEST_IDS
from integration_monitor.store.webhook_tables import webhook_events


def split(connection: sa.Connection, wholes: Mapping[int, Arrival], now: datetime) -> None:
    """Add the events that were found within others, by the number of the one they were in.

    They are of one request with it. Events that are there already stay as they are; what is new is
    counted in the hour in which it came, and replayed: what it was in was read before.
    """
    if not wholes:
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - the store's only driver
    register(driver)
    arrivals = list(wholes.values())
    found = connection.exec_driver_sql(REQUEST_IDS, {"number": len(arrivals)})
    requests = list(found.scalars())
    connection.exec_driver_sql(ADD_FOUND, parameters(arrivals, arrivals, requests))
    events = webhook_events.c
    # Requests have no index of their own; what nobody has read yet has.
    unread = events.state == "received", events.queued_at.is_(None)
    of_sender = events.integration.in_({one.events[0].integration for one in arrivals})
    connection.execute(
        webhook_events.update()
        .where(*unread, of_sender, events.request_id.in_(requests))
        .values(replayed_at=now)
    )
    connection.execute(
        webhook_events.update()
        .where(events.id == sa.bindparam("b_id"), events.request_id.is_(None))
        .values(request_id=sa.bindparam("b_request")),
        [
            {"b_id": whole, "b_request": request}
            for whole, request in zip(wholes, requests, strict=True)
        ],
    )
