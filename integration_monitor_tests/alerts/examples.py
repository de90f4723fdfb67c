"""A fleet with channels, and its incidents stepped in a real store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from integration_monitor.alerts.notify import StepSummary, update_incidents
from integration_monitor.manifest.domain import (
    Cadence,
    Channel,
    Fleet,
    Integration,
    Monitor,
    Owner,
    Reference,
    Runbook,
    Severity,
    Side,
    SqlSide,
    Sync,
)
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import verdicts
from integration_monitor.store.engine import Store
from integration_monitor_tests.incidents.examples import RULES, at

SIDE = Side(SqlSide(Reference("PRODUCT_URL"), table="contacts"), key="id")
CONTACTS = Sync("contacts", Cadence("*/15 * * * *", "15m", timedelta(minutes=15)), SIDE, SIDE)
CRM = Integration(
    name="crm",
    owner=Owner("Owner of CRM", "crm@example.com"),
    file="crm.yaml",
    title="Example CRM",
    syncs={"contacts": CONTACTS},
    runbook=Runbook(url="https://wiki.example.com/crm", summary="Start the sync again."),
)


def webhook(name: str) -> Channel:
    return Channel(name, "webhook", Reference(f"{name.upper()}_URL"))


def monitor(routes: Mapping[Severity, tuple[str, ...]], *channels: Channel) -> Monitor:
    return Monitor(
        owner=Owner("Integrations team", "team@example.com"),
        channels={channel.name: channel for channel in channels},
        routes=routes,
        incidents=RULES,
        dagster_url="http://127.0.0.1:3000/",
    )


ONCALL = monitor({"page": ("oncall",), "ticket": ("oncall",)}, webhook("oncall"))


def fleet(of: Monitor = ONCALL, *integrations: Integration) -> Fleet:
    return Fleet(".", integrations=integrations or (CRM,), monitor=of)


def see(store: Store, of: Fleet, minutes: float, *found: Verdict) -> StepSummary:
    """Record verdicts as measured at a minute, and step the incidents."""
    with store.begin() as connection:
        for each in found:
            measured = replace(each, at=at(minutes), valid_until=at(minutes + 60))
            verdicts.record(connection, measured)
    return update_incidents(store, of, at(minutes))
