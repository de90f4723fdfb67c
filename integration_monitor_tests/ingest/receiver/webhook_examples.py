"""A receiver on a real server with a real store, and partners that sign what they post."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import sqlalchemy as sa

from integration_monitor.ingest.receiver.intakes import Intakes
from integration_monitor.ingest.receiver.limits import DEFAULT_LIMITS, Limits
from integration_monitor.ingest.receiver.reception import Reception
from integration_monitor.ingest.server import create_app
from integration_monitor.manifest.domain import BrokenManifest, Fleet, Integration, Owner, Reference
from integration_monitor.manifest.webhooks import Handshake, Webhooks
from integration_monitor.store.engine import Store
from integration_monitor.store.table_parts import metadata
from integration_monitor.store.webhook_intake import WebhookWriter
from integration_monitor.store.webhook_notes import NoteWriter
from integration_monitor.store.webhook_tallies import add_up
from integration_monitor_tests.ingest.app_server import serving

SECRET = "a-secret-of-ours"
ENVIRON = {"SECRET": SECRET}
MANIFEST = """
version: 1
integration: shop
owner: {name: Owner, email: owner@example.com}
webhooks:
  signature: github
  secret: {env: SECRET}
  event_id: id
"""
GITHUB = Webhooks("github", (Reference("SECRET"),), event_id=("id",), type="type")
SLACK_ASKS = Handshake(when="type == 'url_verification'", answer="challenge")
FLEET: Mapping[str, Webhooks | None] = {
    "shop": replace(GITHUB, handshake=Handshake(query="challenge"), may_differ=("attempt",)),
    "crm": replace(GITHUB, each="$", tenant="portal", event_id=("id", "sub")),
    "chat": replace(GITHUB, handshake=SLACK_ASKS, rejected_status=403),
    "billing": Webhooks("stripe", (Reference("SECRET"),), event_id=("id",)),
    "forms": replace(
        GITHUB, signature="hubspot_v2", public_url="https://hooks.example.com/webhooks/forms"
    ),
    "basic": replace(GITHUB, signature="pipedrive"),
    "sales": Webhooks(
        "salesforce_outbound",
        (Reference("SECRET"),),
        each="Envelope.Body.notifications.Notification",
        event_id=("Id",),
        type='sObject."@type"',
        object="sObject.Id",
    ),
    "unset": replace(GITHUB, secrets=(Reference("NOWHERE"),)),
    "unkeyed": replace(GITHUB, signature="standard_webhooks"),
    "polled": None,
}


def fleet(webhooks: Mapping[str, Webhooks | None] = FLEET) -> Fleet:
    """Integrations by name, and one whose manifest is broken."""
    owner = Owner("Owner", "owner@example.com")
    found = [
        Integration(name, owner, f"{name}.yaml", name, webhooks=declared)
        for name, declared in webhooks.items()
    ]
    return Fleet("", tuple(found), broken=(BrokenManifest("broken", "broken.yaml", ()),))


@dataclass(frozen=True)
class Receiver:
    """A running one."""

    http: httpx.Client
    store: Store

    def post(
        self, path: str, document: object, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """What GitHub would post, signed unless there are other headers."""
        body = body_of(document)
        sent = signed(body) if headers is None else headers
        return self.http.post(f"/webhooks/{path}", content=body, headers=sent)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        return rows(self.store, table)

    def counts(self) -> list[dict[str, Any]]:
        """What was counted up to now."""
        with self.store.begin() as connection:
            add_up(connection)
        return self.rows("webhook_counts")


def rows(store: Store, table: str) -> list[dict[str, Any]]:
    """All rows of a table, the first one first."""
    found = metadata.tables[f"integration_monitor.{table}"]
    with store.begin() as connection:
        query = sa.select(found).order_by(*found.primary_key.columns)
        return [dict(row) for row in connection.execute(query).mappings()]


def wait_for(happened: Callable[[], bool], within_s: float = 20) -> None:
    """Until it has happened."""
    end = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@contextmanager
def receiver(
    store: Store,
    *,
    limits: Limits = DEFAULT_LIMITS,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Receiver]:
    """The receiver of `FLEET`."""
    known = fleet()
    intakes = Intakes(lambda: known, ENVIRON)
    reception = Reception(
        intakes,
        WebhookWriter(store),
        NoteWriter(store),
        limits=limits,
        clock=clock,
    )
    app = create_app(routers=[], check_store=lambda: None, reception=reception)
    with serving(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        yield Receiver(http, store)


def body_of(document: object) -> bytes:
    """The bytes of a body."""
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def signed(body: bytes) -> dict[str, str]:
    """GitHub's signature."""
    made = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={made}", "Content-Type": "application/json"}


def stripe_signed(body: bytes, at: datetime) -> dict[str, str]:
    """Stripe's signature, made at a time."""
    seconds = int(at.timestamp())
    made = hmac.new(SECRET.encode(), b"%d.%s" % (seconds, body), hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={seconds},v1={made}", "Content-Type": "application/json"}
