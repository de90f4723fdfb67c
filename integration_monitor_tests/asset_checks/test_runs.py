"""Checks of which a run was to give a result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationPlanned,
)
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.test_utils import create_run_for_test

from integration_monitor.asset_check_alerts import build_asset_check_alerts
from integration_monitor.asset_check_facts import STUCK_AFTER
from integration_monitor.asset_check_watch import AssetCheckWatch
from integration_monitor.manifest.load import load_monitor
from integration_monitor.resources import STORE, StoreResource
from integration_monitor.sensors import build_incident_sensor, incident_steps
from integration_monitor_tests.asset_checks.project import (
    NOT_NULL,
    SUBJECT,
    Project,
    Ticks,
)


def planned(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED
) -> dg.DagsterRun:
    """A run that is about to evaluate the check, or that ended without having done so."""
    run: dg.DagsterRun = create_run_for_test(instance, status=status)
    plan = DagsterEvent(
        DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED.value,
        job_name=run.job_name,
        event_specific_data=AssetCheckEvaluationPlanned(
            asset_key=NOT_NULL.asset_key, check_name=NOT_NULL.name
        ),
    )
    instance.report_dagster_event(plan, run_id=run.run_id)
    return run


def test_a_check_whose_run_died_cannot_be_seen(
    instance: dg.DagsterInstance, resource: StoreResource, monitor: Path
) -> None:
    project = Project()
    project.passed = False
    ticks = Ticks(instance, resource, build_asset_check_alerts(monitor=monitor))
    project.run(instance)
    ticks.tick(project.defs)
    run = planned(instance, dg.DagsterRunStatus.FAILURE)
    assert "1 opened" in ticks.tick(project.defs)
    said = ticks.verdicts()[SUBJECT]
    assert said.reason == f"its run {run.run_id} failed before the check was evaluated"
    assert ticks.history() == [
        (SUBJECT, "broken", "page", "open"),
        (SUBJECT, "blind", "ticket", "open"),
    ]
    assert ticks.tick(project.defs) == "nothing changed"
    project.passed = True
    project.run(instance)
    assert "2 resolved" in ticks.tick(project.defs)


def test_a_check_that_raises_cannot_be_seen(ticks: Ticks) -> None:
    project = Project()
    project.raises = True
    project.run(ticks.instance)
    assert "1 opened" in ticks.tick(project.defs)
    assert ticks.history() == [(SUBJECT, "blind", "ticket", "open")]


def test_a_check_whose_run_is_gone_cannot_be_seen(ticks: Ticks) -> None:
    run = planned(ticks.instance)
    assert ticks.tick(Project().defs) == "nothing changed"
    ticks.instance.run_storage.delete_run(run.run_id)
    assert "1 opened" in ticks.tick(Project().defs)
    assert "is gone" in ticks.verdicts()[SUBJECT].reason


def test_while_its_run_is_under_way_the_earlier_verdict_stands(ticks: Ticks) -> None:
    project = Project()
    project.passed = False
    project.run(ticks.instance)
    ticks.tick(project.defs)
    before = ticks.verdicts()
    for status in (
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ):
        planned(ticks.instance, status)
        assert ticks.tick(project.defs) == "nothing changed"
    assert ticks.verdicts() == before


def test_a_run_that_ends_without_a_result_is_told_as_what_it_was(ticks: Ticks) -> None:
    for status, how in (
        (dg.DagsterRunStatus.CANCELED, "was canceled"),
        (dg.DagsterRunStatus.SUCCESS, "ended"),
    ):
        run = planned(ticks.instance, status)
        ticks.tick(Project().defs)
        said = ticks.verdicts()[SUBJECT]
        assert said.reason == f"its run {run.run_id} {how} before the check was evaluated"


def test_a_result_between_two_ticks_is_seen_although_the_next_run_is_under_way(
    ticks: Ticks,
) -> None:
    project = Project()
    project.passed = False
    project.run(ticks.instance)
    planned(ticks.instance)
    assert "1 asset check evaluated; 1 opened" in ticks.tick(project.defs)
    assert ticks.tick(project.defs) == "nothing changed"


def test_a_new_run_does_not_make_well_what_cannot_be_seen(ticks: Ticks) -> None:
    project = Project()
    project.run(ticks.instance)
    planned(ticks.instance, dg.DagsterRunStatus.FAILURE)
    ticks.tick(project.defs)
    planned(ticks.instance)
    assert ticks.tick(project.defs) == "nothing changed"
    assert ticks.verdicts()[SUBJECT].status == "unknown"


def test_a_result_that_arrives_while_its_run_is_looked_up_counts(
    ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project()
    planned(ticks.instance, dg.DagsterRunStatus.SUCCESS)
    runs = dg.DagsterInstance.get_run_records

    def run_ends_meanwhile(
        instance: dg.DagsterInstance, *args: Any, **more: Any
    ) -> Sequence[dg.RunRecord]:
        monkeypatch.undo()
        project.run(instance)
        return runs(instance, *args, **more)

    monkeypatch.setattr(dg.DagsterInstance, "get_run_records", run_ends_meanwhile)
    assert "opened" not in ticks.tick(project.defs)
    assert ticks.verdicts()[SUBJECT].status == "ok"


def test_a_run_that_never_ends_is_taken_for_dead(
    fast: dg.DagsterInstance, resource: StoreResource, monitor: Path
) -> None:
    later = datetime.now(UTC) + STUCK_AFTER + timedelta(minutes=1)
    watch = AssetCheckWatch([NOT_NULL], clock=lambda: later)
    planned(fast)
    fleet = load_monitor(monitor)
    sensor = build_incident_sensor(incident_steps(fleet, watch), checks=watch)
    ticks = Ticks(fast, resource, dg.Definitions(sensors=[sensor], resources={STORE: resource}))
    ticks.tick(Project().defs)
    assert ticks.verdicts()[SUBJECT].reason.endswith("is not finished")
    assert "nothing changed" in ticks.tick(Project().defs)


def test_a_check_that_was_never_executed_is_told_to_nobody(ticks: Ticks) -> None:
    assert ticks.tick(Project().defs) == "nothing changed"
    assert ticks.verdicts() == {}
    assert ticks.history() == []
