"""A fleet with webhooks, and events as a receiver stores them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration, Owner, Reference
from integration_monitor.manifest.webhooks import EventRule, HttpSink, Sink, SqlSink, Webhooks
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_tables import webhook_deliveries, webhook_events

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"a secret of the product").decode()
ENVIRON = {"PRODUCT_SECRET": SECRET}
WEBHOOKS = Webhooks(
    signature="standard_webhooks",
    secrets=(Reference("CRM_SECRET"),),
    event_id=("id",),
    type="type",
    occurred_at="at",
    tenant="account",
    object="contact",
    ordered_by="contact",
    events={
        "contact.changed": EventRule("crm.contact.updated", {"email": "fields.email"}),
        "contact.deleted": EventRule("crm.contact.deleted"),
    },
    data={"plan": "fields.plan"},
)


class Clock:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def on(self, **by: float) -> None:
        self.now += timedelta(**by)


def crm(webhooks: Webhooks = WEBHOOKS, name: str = "crm", **sinks: Sink) -> Integration:
    return Integration(
        name=name,
        owner=Owner("Owner of crm", "crm@example.com"),
        file=f"{name}.yaml",
        title=name,
        webhooks=replace(webhooks, sinks=sinks),
    )


def http(url: str, **more: Any) -> HttpSink:
    return HttpSink(url, Reference("PRODUCT_SECRET"), **more)


def sql(url: str, **more: Any) -> SqlSink:
    return SqlSink(url, "crm.events", **more)


def event(number: int = 1, **changes: Any) -> dict[str, Any]:
    """What the partner says, of contact `c1` unless told otherwise."""
    said = {
        "id": f"e{number}",
        "type": "contact.changed",
        "account": "acme",
        "contact": "c1",
        "at": (NOW - timedelta(minutes=1) + timedelta(milliseconds=number)).isoformat(),
        "fields": {"email": f"{number}@example.com", "plan": "pro"},
    }
    return said | changes


def receive(
    store: Store,
    *events: Mapping[str, Any] | bytes,
    integration: str = "crm",
    at: datetime = NOW,
    conflicting: bool = False,
    entry: int | None = None,
) -> list[int]:
    """Store events as the receiver does; their numbers. `entry`: each is that one of a list."""
    rows = [_row(said, integration, at, conflicting) | {"entry": entry} for said in events]
    with store.begin() as connection:
        return [
            connection.execute(webhook_events.insert().returning(webhook_events.c.id), row)
            .scalar_one()
            for row in rows
        ]  # fmt: skip


def states(store: Store) -> list[str]:
    """The states of all events, in the order in which they came."""
    query = sa.select(webhook_events.c.state).order_by(webhook_events.c.id)
    with store.begin() as connection:
        return list(connection.execute(query).scalars())


def stored(store: Store) -> Sequence[Any]:
    with store.begin() as connection:
        return connection.execute(webhook_events.select().order_by(webhook_events.c.id)).all()


def deliveries(store: Store) -> Sequence[Any]:
    query = webhook_deliveries.select().order_by(
        webhook_deliveries.c.event, webhook_deliveries.c.sink
    )
    with store.begin() as connection:
        return connection.execute(query).all()


def _row(
    said: Mapping[str, Any] | bytes, integration: str, at: datetime, conflicting: bool
) -> dict[str, Any]:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    told: Mapping[str, Any] = {} if isinstance(said, bytes) else said
    digest = sha256(body).digest()
    return {
        "integration": integration,
        "connection": "-",
        "event_id": told.get("id", f"sha256:{digest.hex()}"),
        "digest": digest,
        "conflicting": conflicting,
        "type": told.get("type"),
        "tenant": told.get("account", "-"),
        "object_id": told.get("contact"),
        "order_key": told.get("contact"),
        "received_at": at,
        "headers": {"content-type": "application/json"},
        "body": body,
        "state": "received",
    }
