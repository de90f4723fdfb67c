"""The command that shows more of a verdict that is not ok. Pure."""

from __future__ import annotations

from integration_monitor.program import NAME
from integration_monitor.signals import freshness, manifest, reconciliation, schema_drift
from integration_monitor.signals.verdict import API, ASSET_CHECKS, WEBHOOKS, Status


def next_step(integration: str, subject: str, signal: str, status: Status) -> str | None:
    """A command to paste; None where all is well, or nothing here knows more.

    What could not be seen is tried once, part by part; what is wrong is listed by name.
    """
    if status == "ok" or integration == ASSET_CHECKS:
        return None
    if subject == API:
        return _about_calls(integration, signal, status)
    if subject == WEBHOOKS:
        return _about_webhooks(integration, signal)
    if signal == manifest.SIGNAL:
        return f"{NAME} validate"
    if status == "unknown":
        return f"{NAME} validate --live {integration}"
    if signal in schema_drift.SIGNALS:
        return f"{NAME} drift show {integration}/{subject}"
    if signal in (reconciliation.SIGNAL, freshness.SIGNAL):
        return f"{NAME} gaps list {integration}/{subject}"
    return None


def _about_calls(integration: str, signal: str, status: Status) -> str | None:
    if signal == "response_schema":
        return f"{NAME} drift show {integration}/{API}"
    if signal == "changelog":
        return f"{NAME} changelog show {integration}"
    if status == "unknown" and signal in ("errors", "auth", "latency", "tenants", "rate_limits"):
        return f"{NAME} top {integration} --once --window 24h"
    if signal in ("errors", "auth", "tenants"):
        return f"{NAME} calls failed {integration}"
    if signal in ("latency", "rate_limits"):
        return f"{NAME} top {integration} --window 15m"
    return None


def _about_webhooks(integration: str, signal: str) -> str:
    if signal == "delivery":
        return f"{NAME} webhooks dead --integration {integration}"
    if signal == "signatures":
        return f"{NAME} webhooks stats --integration {integration} --since 24h"
    return f"{NAME} webhooks list --integration {integration} --since 1h"
