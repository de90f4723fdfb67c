"""The signals about the calls to a partner, in the order in which people ask. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals import judged
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import API, Verdict

ApiSignal = Literal[
    "errors",
    "auth",
    "latency",
    "tenants",
    "rate_limits",
    "deprecation",
    "response_schema",
    "changelog",
]
SIGNALS: tuple[ApiSignal, ...] = get_args(ApiSignal)


def verdict(signal: str, integration: Integration, found: Judged, now: datetime) -> Verdict:
    """The verdict of a signal about the calls to an integration's partner."""
    return judged.verdict(API, signal, integration, found, now)
