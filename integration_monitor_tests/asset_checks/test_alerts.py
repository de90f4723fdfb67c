"""From a check that fails to the alerts, on the storages that Dagster has."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from integration_monitor.asset_check_alerts import build_asset_check_alerts
from integration_monitor.loading import MonitorFileError
from integration_monitor.resources import StoreResource
from integration_monitor.sensors import TickFailed
from integration_monitor_tests.asset_checks.project import (
    MONITOR,
    SUBJECT,
    Project,
    Ticks,
)


def test_a_check_that_fails_and_passes_again(
    instance: dg.DagsterInstance, resource: StoreResource, monitor: Path
) -> None:
    project = Project()
    ticks = Ticks(instance, resource, build_asset_check_alerts(monitor=monitor))
    assert ticks.tick(project.defs) == "nothing changed"
    project.run(instance)
    assert ticks.tick(project.defs).startswith("1 asset check evaluated")
    assert ticks.history() == []
    project.passed = False
    project.run(instance)
    assert "1 opened, 1 alert queued" in ticks.tick(project.defs)
    # Every later tick sees the same evaluation, and a second run fails in the same way.
    assert "opened" not in ticks.tick(project.defs)
    project.run(instance)
    assert "1 asset check evaluated; nothing changed" in ticks.tick(project.defs)
    assert ticks.history() == [(SUBJECT, "broken", "page", "open")]
    project.passed = True
    project.run(instance)
    assert "1 resolved" in ticks.tick(project.defs)
    assert ticks.history() == [(SUBJECT, "broken", "page", "recovered")]
    assert ticks.told() == [("oncall", "opened"), ("oncall", "resolved")]


@pytest.mark.parametrize(
    ("severity", "severities", "expected"),
    [
        (dg.AssetCheckSeverity.WARN, {}, [("queue", "opened")]),
        (dg.AssetCheckSeverity.ERROR, {}, [("oncall", "opened")]),
        (dg.AssetCheckSeverity.WARN, {"warn": "page"}, [("oncall", "opened")]),
        (dg.AssetCheckSeverity.WARN, {"warn": "ignore"}, []),
        (dg.AssetCheckSeverity.ERROR, {"error": "watch"}, []),
    ],
)
def test_who_is_told_by_severity(
    fast: dg.DagsterInstance,
    resource: StoreResource,
    monitor: Path,
    severity: dg.AssetCheckSeverity,
    severities: dict[str, str],
    expected: list[tuple[str, str]],
) -> None:
    project = Project()
    project.passed, project.severity = False, severity
    project.run(fast)
    alerts = build_asset_check_alerts(monitor=monitor, severities=severities)
    ticks = Ticks(fast, resource, alerts)
    ticks.tick(project.defs)
    assert ticks.told() == expected


def test_what_an_alert_says(ticks: Ticks) -> None:
    project = Project()
    project.passed = False
    project.run(ticks.instance)
    ticks.tick(project.defs)
    (queued,) = ticks.queued()
    alert = dict(queued.alert)
    assert alert["headline"] == (
        "[PAGE] Asset check analytics/orders:not_null:"
        " Has every order a customer? (null_rows: 1,204, ratio: 0.02)"
    )
    lines = str(alert["text"]).splitlines()
    assert lines[:2] == [
        "- asset_check (fail): Has every order a customer? (null_rows: 1,204, ratio: 0.02)",
        "",
    ]
    assert "Owner: orders@example.com, team:sales <orders@example.com>" in lines
    page = "http://127.0.0.1:3000/assets/analytics/orders?view=checks&checkDetail=not_null"
    assert f"Checks: {page}" in lines
    assert alert["dagster_url"] == page
    assert alert["asset_check"] == {
        "asset": ["analytics", "orders"],
        "name": "not_null",
        "owners": ["orders@example.com", "team:sales"],
    }
    assert alert["findings"] == [
        {
            "signal": "asset_check",
            "status": "fail",
            "reason": "Has every order a customer? (null_rows: 1,204, ratio: 0.02)",
            "evidence": {"null_rows": 1204.0, "ratio": 0.02},
        }
    ]


def failing_read(*_: object, **__: object) -> None:
    """Dagster's storage is away."""
    raise sa.exc.OperationalError("select", {}, Exception("hunter2"))


def test_while_dagsters_storage_is_away_all_else_goes_on(
    ticks: Ticks, resource: StoreResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project()
    project.passed = False
    project.run(ticks.instance)
    ticks.tick(project.defs)
    done: list[str] = []

    def own_step(*_: object, **__: object) -> str:
        done.append("incidents")
        return ""

    storage = type(ticks.instance.event_log_storage)
    with monkeypatch.context() as away:
        away.setattr(storage, "get_latest_asset_check_execution_by_key", failing_read)
        away.setattr("integration_monitor.alerts.notify.update_incidents", own_step)
        with pytest.raises(TickFailed, match="asset checks: stopped with OperationalError") as told:
            ticks.tick(project.defs)
    assert done == ["incidents"]
    assert "hunter2" not in str(told.value)
    assert ticks.history() == [(SUBJECT, "broken", "page", "open")]


def test_where_incidents_fail_the_checks_are_followed_all_the_same(
    ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project()
    project.run(ticks.instance)
    monkeypatch.setattr("integration_monitor.alerts.notify.update_incidents", failing_read)
    with pytest.raises(TickFailed, match="1 asset check evaluated"):
        ticks.tick(project.defs)
    assert list(ticks.verdicts()) == [SUBJECT]


def test_mistakes_in_monitor_yaml_are_told_where_it_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text(MONITOR.replace("queue:", "queu:"))
    with pytest.raises(MonitorFileError, match=r"monitor\.yaml:6:"):
        build_asset_check_alerts(monitor=file)
    with pytest.raises(MonitorFileError, match=r"gone\.yaml:1:1: the file cannot be read"):
        build_asset_check_alerts(monitor=tmp_path / "gone.yaml")
