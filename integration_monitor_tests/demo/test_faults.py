from __future__ import annotations

from pathlib import Path

import pytest

from integration_monitor.demo.faults import FAULTS, Command, Fault, read_command, write_command


def test_without_a_file_nothing_is_broken(tmp_path: Path) -> None:
    assert read_command(tmp_path / "faults.json") == Command()


def test_each_command_has_the_next_number(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    first = write_command(path, fault="stop-sync", integration="billing")
    assert read_command(path) == first == Command(1, "stop-sync", "billing")
    assert write_command(path, fault=None, resync=False) == Command(2, None, "crm", resync=False)


@pytest.mark.parametrize(
    ("fault", "subject", "signals", "told"),
    [
        ("stop-webhooks", "webhooks", ["volume"], True),
        ("stop-webhooks", "webhooks", ["delivery"], False),
        ("late-webhooks", "webhooks", ["ingestion_lag", "backlog"], True),
        ("late-webhooks", "contacts", ["freshness"], False),
        ("duplicate-webhooks", "webhooks", ["volume"], False),
        ("outage", "api", ["errors", "tenants"], True),
        ("outage", "contacts", ["reconciliation"], False),
        ("slow", "api", ["errors"], False),
        ("drop-records", "contacts", ["reconciliation"], True),
        ("drop-records", "api", ["errors"], False),
        ("rename-field", "contacts", ["source_schema_drift"], True),
        ("rename-field", "invoices", ["destination_schema_drift", "freshness"], True),
    ],
)
def test_which_alert_tells_of_a_fault(
    fault: Fault, subject: str, signals: list[str], told: bool
) -> None:
    alert = {
        "subject": subject,
        "severity": "page",
        "findings": [{"signal": name} for name in signals],
    }
    assert any(each.by(alert) for each in FAULTS[fault].told) == told


def test_silence_is_told_only_once_it_pages() -> None:
    alert = {"subject": "webhooks", "severity": "watch", "findings": [{"signal": "volume"}]}
    assert not any(each.by(alert) for each in FAULTS["stop-webhooks"].told)


def test_of_each_fault_somebody_is_told_or_it_says_what_becomes_of_it() -> None:
    assert all(bool(about.told) != bool(about.handled) for about in FAULTS.values())
