from __future__ import annotations

import pytest

from integration_monitor.signals.next_step import next_step
from integration_monitor.signals.verdict import API, ASSET_CHECKS, WEBHOOKS, WHOLE, Status


@pytest.mark.parametrize(
    ("subject", "signal", "status", "command"),
    [
        ("contacts", "reconciliation", "fail", "integration-monitor gaps list crm/contacts"),
        ("contacts", "freshness", "warn", "integration-monitor gaps list crm/contacts"),
        ("contacts", "source_schema_drift", "fail", "integration-monitor drift show crm/contacts"),
        ("deals", "destination_schema_drift", "warn", "integration-monitor drift show crm/deals"),
        ("contacts", "reconciliation", "unknown", "integration-monitor validate --live crm"),
        ("contacts", "source_schema_drift", "unknown", "integration-monitor validate --live crm"),
        (WHOLE, "manifest", "fail", "integration-monitor validate"),
        (WHOLE, "manifest", "unknown", "integration-monitor validate"),
        (API, "errors", "fail", "integration-monitor calls failed crm"),
        (API, "auth", "fail", "integration-monitor calls failed crm"),
        (API, "tenants", "fail", "integration-monitor calls failed crm"),
        (API, "latency", "warn", "integration-monitor top crm --window 15m"),
        (API, "rate_limits", "warn", "integration-monitor top crm --window 15m"),
        (API, "errors", "unknown", "integration-monitor top crm --once --window 24h"),
        (API, "errors", "ok", None),
        (
            WEBHOOKS,
            "volume",
            "fail",
            "integration-monitor webhooks list --integration crm --since 1h",
        ),
        (WEBHOOKS, "delivery", "fail", "integration-monitor webhooks dead --integration crm"),
        (
            WEBHOOKS,
            "signatures",
            "warn",
            "integration-monitor webhooks stats --integration crm --since 24h",
        ),
        ("contacts", "reconciliation", "ok", None),
        ("contacts", "something new", "fail", None),
    ],
)
def test_what_to_run_next(subject: str, signal: str, status: Status, command: str | None) -> None:
    assert next_step("crm", subject, signal, status) == command


def test_nothing_here_knows_more_of_other_asset_checks() -> None:
    assert next_step(ASSET_CHECKS, "orders:no_orphans", "asset_check", "fail") is None
