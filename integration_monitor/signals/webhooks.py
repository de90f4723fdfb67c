"""The signals about what a partner sends, in the order in which people ask. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals import judged
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import WEBHOOKS, Verdict

WebhookSignal = Literal["volume", "ingestion_lag", "signatures", "delivery", "backlog"]
SIGNALS: tuple[WebhookSignal, ...] = get_args(WebhookSignal)


def verdict(
    signal: WebhookSignal, integration: Integration, found: Judged, now: datetime
) -> Verdict:
    """The verdict of a signal about the webhooks of an integration."""
    return judged.verdict(WEBHOOKS, signal, integration, found, now)
