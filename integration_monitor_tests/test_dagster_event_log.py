"""Only old events of our own checks and assets go; what is latest stays, and the UI shows it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationPlanned,
)
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events

from integration_monitor.dagster_event_log import (
    CannotTrim,
    Logged,
    LoggedRows,
    Ours,
    count,
    count_old,
    trim,
)
from integration_monitor.dagster_internals import (
    disable_dagster_warnings,
    last_check_executions,
    report_past_event,
)
from integration_monitor_tests.asset_checks import project

NOW = datetime.now(UTC)
OLD, CUTOFF = NOW - timedelta(days=40), NOW - timedelta(days=30)
CRM = dg.AssetKey(["crm", "contacts_destination"])
OTHER = dg.AssetKey(["crm", "somebody_elses"])
OURS, THEIRS = dg.AssetCheckKey(CRM, "freshness"), dg.AssetCheckKey(CRM, "their_own")
ON_THEIRS = dg.AssetCheckKey(OTHER, "freshness")
KEYS = Ours([OURS], [CRM])


@pytest.fixture(params=["sqlite", "postgres_storage"])
def instance(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: str
) -> Iterator[dg.DagsterInstance]:
    with getattr(project, request.param)(tmp_path, database_url) as opened:
        yield opened


def report(instance: dg.DagsterInstance, key: dg.AssetCheckKey, at: datetime, passed: bool) -> None:
    evaluation = dg.AssetCheckEvaluation(
        asset_key=key.asset_key, check_name=key.name, passed=passed, metadata={"n": at.timestamp()}
    )
    report_past_event(instance, evaluation, at)


def observe(instance: dg.DagsterInstance, key: dg.AssetKey, at: datetime) -> None:
    report_past_event(instance, dg.AssetObservation(key, tags={"a": "b"}), at)


def run(instance: dg.DagsterInstance) -> str:
    """A run that observes our asset and evaluates our check and somebody's; its id."""

    with disable_dagster_warnings():

        @dg.multi_observable_source_asset(  # type: ignore[untyped-decorator]
            specs=[dg.AssetSpec(CRM)],
            check_specs=[dg.AssetCheckSpec(key.name, asset=CRM) for key in (OURS, THEIRS)],
        )
        def measure() -> Iterator[dg.ObserveResult | dg.AssetCheckResult]:
            yield dg.ObserveResult(asset_key=CRM, metadata={"records": 7})
            for key in (OURS, THEIRS):
                yield dg.AssetCheckResult(asset_key=CRM, check_name=key.name, passed=True)

    job = dg.Definitions(assets=[measure]).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance).run_id


def executions(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> int:
    history = instance.event_log_storage.get_asset_check_execution_history(key, limit=1000)
    return len(history)


def check_events(instance: dg.DagsterInstance) -> int:
    """Of all checks, wherever they are stored."""
    kinds = [kind for kind in dg.DagsterEventType if kind.value.startswith("ASSET_CHECK")]
    storage = instance.event_log_storage
    query = sa.select(sa.func.count()).where(
        Events.c.dagster_event_type.in_([kind.value for kind in kinds])
    )
    with storage.index_connection() as connection:  # type: ignore[attr-defined]
        found: int = connection.execute(query).scalar_one()
    return found


def observations(instance: dg.DagsterInstance, key: dg.AssetKey) -> int:
    return len(instance.fetch_observations(key, limit=1000).records)


def latest(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> str:
    """As the UI asks for it."""
    return last_check_executions(instance, [key])[key].status.value


def test_what_is_old_goes_and_the_latest_stays(instance: dg.DagsterInstance) -> None:
    for days in range(20):
        report(instance, OURS, OLD - timedelta(days=20 - days), passed=days < 19)
        observe(instance, CRM, OLD - timedelta(days=20 - days))
    assert trim(instance, KEYS, CUTOFF) == LoggedRows(19, 19)
    assert (executions(instance, OURS), check_events(instance)) == (1, 1)
    assert observations(instance, CRM) == 1
    assert latest(instance, OURS) == "FAILED"
    assert trim(instance, KEYS, CUTOFF) == LoggedRows(0, 0)


def test_what_is_newer_than_the_retention_stays(instance: dg.DagsterInstance) -> None:
    for days in (40, 31, 29, 1):
        report(instance, OURS, NOW - timedelta(days=days), passed=True)
        observe(instance, CRM, NOW - timedelta(days=days))
    assert count_old(instance, KEYS, CUTOFF) == LoggedRows(2, 2)
    assert (executions(instance, OURS), observations(instance, CRM)) == (4, 4)
    assert trim(instance, KEYS, CUTOFF) == LoggedRows(2, 2)
    assert (executions(instance, OURS), observations(instance, CRM)) == (2, 2)


def test_events_of_other_checks_and_assets_survive(instance: dg.DagsterInstance) -> None:
    """Also those on our own assets, and those of our name on others."""
    for key in (OURS, THEIRS, ON_THEIRS):
        for days in range(5):
            report(instance, key, OLD - timedelta(days=5 - days), passed=True)
    for days in range(5):
        observe(instance, OTHER, OLD - timedelta(days=5 - days))
    assert trim(instance, KEYS, CUTOFF) == LoggedRows(4, 0)
    assert [executions(instance, key) for key in (OURS, THEIRS, ON_THEIRS)] == [1, 5, 5]
    assert check_events(instance) == 11
    assert observations(instance, OTHER) == 5


def test_of_runs_the_planned_events_go_too(instance: dg.DagsterInstance) -> None:
    runs = [run(instance) for _ in range(3)]
    assert check_events(instance) == 12
    tomorrow = NOW + timedelta(days=1)
    assert trim(instance, KEYS, tomorrow) == LoggedRows(2, 2)
    assert [executions(instance, key) for key in (OURS, THEIRS)] == [1, 3]
    assert check_events(instance) == 2 + 6
    for run_id, ours in zip(runs, (0, 0, 1), strict=True):
        events = [each.dagster_event for each in instance.all_logs(run_id) if each.dagster_event]
        names = [
            each.asset_check_evaluation_data.check_name
            for each in events
            if each.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ]
        assert sorted(names) == sorted([OURS.name] * ours + [THEIRS.name])
        # The run itself is shown as before.
        assert any(each.event_type == dg.DagsterEventType.RUN_SUCCESS for each in events)
    assert latest(instance, OURS) == "SUCCEEDED"


def test_a_check_that_is_planned_keeps_its_last_result(instance: dg.DagsterInstance) -> None:
    for days in range(3):
        report(instance, OURS, OLD + timedelta(days=days), passed=False)
    event = dg.DagsterEvent(
        dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED.value,
        job_name="crashed",
        event_specific_data=AssetCheckEvaluationPlanned(asset_key=CRM, check_name=OURS.name),
    )
    instance.report_dagster_event(event, run_id="11111111", timestamp=OLD.timestamp() + 9e5)
    assert trim(instance, KEYS, NOW) == LoggedRows(2, 0)
    assert executions(instance, OURS) == 2
    assert latest(instance, OURS) == "PLANNED"


def test_it_goes_on_page_by_page(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration_monitor.dagster_event_log._PAGE", 3)
    for days in range(10):
        report(instance, OURS, OLD + timedelta(hours=days), passed=True)
        observe(instance, CRM, OLD + timedelta(hours=days))
    assert trim(instance, KEYS, CUTOFF) == LoggedRows(9, 9)
    assert (executions(instance, OURS), observations(instance, CRM)) == (1, 1)


def test_what_there_is_is_counted(instance: dg.DagsterInstance) -> None:
    assert count(instance, KEYS) == Logged(LoggedRows(0, 0), None, None)
    report(instance, OURS, OLD, passed=True)
    report(instance, THEIRS, NOW, passed=True)
    observe(instance, CRM, CUTOFF)
    assert count(instance, KEYS) == Logged(LoggedRows(1, 1), OLD, CUTOFF)


def test_other_storages_are_refused() -> None:
    class Elsewhere:
        event_log_storage = object()

    with pytest.raises(CannotTrim, match="is a object, not in a database"):
        trim(Elsewhere(), KEYS, NOW)  # type: ignore[arg-type]
