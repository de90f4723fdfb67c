"""Asking partners whether our webhooks are still enabled."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime

import dagster as dg

from integration_monitor.manifest.domain import Integration
from integration_monitor.partner_job import Asked, Asking, PartnerJob, build_partner_job
from integration_monitor.signals.wording import count, table
from integration_monitor.store.engine import Store

NAME = "integration_monitor_subscriptions"


def build_subscription_jobs(
    integrations: Sequence[Integration],
    status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.RUNNING,
) -> list[PartnerJob]:
    """One job for all subscriptions; none where no request for one is declared."""
    declared = [each for each in integrations if each.webhooks and each.webhooks.subscription]
    return [build_partner_job(_ASKING, declared, status)] if declared else []


# Both import late: a code location loads without what asks partners.


def _due(store: Store, integrations: Sequence[Integration], now: datetime) -> list[Integration]:
    from integration_monitor.observe.subscriptions import due

    return due(store, integrations, now)


def _ask(store: Store, integrations: Sequence[Integration]) -> Asked:
    from integration_monitor.observe.subscriptions import ask_about_subscriptions

    found = ask_about_subscriptions(store, integrations, os.environ)
    said = [(name, whose, each) for name, of in found.items() for whose, each in of.items()]
    disabled = sum(each.enabled is False for _, _, each in said)
    unknown = sum(each.enabled is None for _, _, each in said)
    words = {True: "enabled", False: "disabled"}
    rows = [
        (name, whose, each.error if each.enabled is None else words[each.enabled])
        for name, whose, each in said
    ]
    return Asked(
        f"{count(len(said), 'subscription')} asked about, {unknown} in vain",
        {
            "subscriptions": dg.MetadataValue.int(len(said)),
            "disabled": dg.MetadataValue.int(disabled),
            "unknown": dg.MetadataValue.int(unknown),
            "said": dg.MetadataValue.md(table(("integration", "connection", "said"), rows)),
        },
    )


_ASKING = Asking(
    name=NAME,
    op="ask_about_subscriptions",
    description="Asks partners whether our webhooks are still enabled.",
    nothing_due="no subscription is due",
    due=_due,
    ask=_ask,
)
