"""The telemetry sensor on real Dagster storage: only what changed is told, and hourly the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from integration_monitor.builder import build_integration_monitor_defs
from integration_monitor.manifest.domain import Endpoint, Fleet, Integration
from integration_monitor.resources import STORE, StoreResource
from integration_monitor.signals import api, webhooks
from integration_monitor.signals.verdict import API, Status, Verdict
from integration_monitor.store.embedded import EmbeddedPostgres
from integration_monitor.store.engine import Store
from integration_monitor.targets import build_targets
from integration_monitor.telemetry_watch import AT_ONCE, CONFIRM_EVERY, TelemetryWatch
from integration_monitor.translator import IntegrationMonitorTranslator
from integration_monitor_tests.plugin import (
    FakeMeasure,
    StoreIsAway,
    a_fleet,
    a_verdict,
    an_integration,
    store_resource,
)
from integration_monitor_tests.webhook_rows import CRM, a_count, an_event, store_webhooks

ERRORS = dg.AssetCheckKey(dg.AssetKey(["hubspot", "api"]), "errors")


def with_api(name: str = "hubspot") -> Integration:
    """An integration that declares an endpoint."""
    return replace(an_integration(name), endpoints={"contacts": Endpoint("contacts", "/contacts")})


class FakeJudge:
    """Stands in for `judge_fleet`: every signal is ok unless the test says otherwise."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.errors: Status = "ok"

    def __call__(self, store: Store, integrations: Sequence[Integration]) -> list[Verdict]:
        """A verdict a signal and integration."""
        self.calls.append([each.name for each in integrations])
        return [
            a_verdict(
                signal,
                self.errors if signal == "errors" else "ok",
                integration=each.name,
                subject=API,
                severity="page" if signal == "errors" and self.errors == "fail" else None,
            )
            for each in integrations
            for signal in api.SIGNALS
        ]


@pytest.fixture
def resource(store_url: str) -> Iterator[StoreResource]:
    """The resource on a real, empty store."""
    with store_resource(store_url) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgres"])
def instance(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: EmbeddedPostgres
) -> Iterator[dg.DagsterInstance]:
    """A Dagster instance with real storage."""
    overrides: dict[str, object] = {}
    name = f"dagster_{tmp_path.name}".lower()
    if request.param == "postgres":
        url = postgres.create_database(name).replace("postgresql://", "postgresql+psycopg2://")
        overrides = {"storage": {"postgres": {"postgres_url": url}}}
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides=overrides) as opened:
        yield opened
    if request.param == "postgres":
        postgres.drop_database(name)


def sensor_of(judge: FakeJudge, fleet: Fleet | None = None) -> dg.SensorDefinition:
    """The sensor of a code location that was loaded just now."""
    defs = build_integration_monitor_defs(manifests=fleet or a_fleet(with_api()), judge_fleet=judge)
    return defs.resolve_sensor_def("integration_monitor_telemetry")


def ticked(
    sensor: dg.SensorDefinition, instance: dg.DagsterInstance, resource: StoreResource
) -> list[dg.AssetCheckEvaluation]:
    """What one tick tells, stored as the daemon does it."""
    context = dg.build_sensor_context(instance=instance, resources={STORE: resource})
    events = list(sensor.evaluate_tick(context).asset_events)
    for event in events:
        instance.report_runless_asset_event(event)
    return [event for event in events if isinstance(event, dg.AssetCheckEvaluation)]


def test_only_what_changed_is_told_also_by_a_restarted_code_server(
    instance: dg.DagsterInstance, resource: StoreResource
) -> None:
    judge = FakeJudge()
    sensor = sensor_of(judge)
    assert {each.check_name for each in ticked(sensor, instance, resource)} == {*api.SIGNALS}
    assert ticked(sensor, instance, resource) == []
    judge.errors = "fail"
    [told] = ticked(sensor, instance, resource)
    assert told.asset_check_key == ERRORS
    assert (told.passed, told.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert ticked(sensor_of(judge), instance, resource) == []
    judge.errors = "ok"
    [told] = ticked(sensor_of(judge), instance, resource)
    assert told.passed


def test_what_did_not_change_is_told_again_after_an_hour(
    instance: dg.DagsterInstance, resource: StoreResource
) -> None:
    judge = FakeJudge()
    assert ticked(sensor_of(judge), instance, resource)
    targets = build_targets(a_fleet(with_api()), IntegrationMonitorTranslator())
    soon = datetime.now(UTC) + CONFIRM_EVERY - timedelta(minutes=1)
    later = datetime.now(UTC) + CONFIRM_EVERY
    store = resource.open()
    assert not TelemetryWatch(targets, judge, clock=lambda: soon).look(store, instance).told
    assert len(TelemetryWatch(targets, judge, clock=lambda: later).look(store, instance).told) == 8


def test_what_a_run_said_is_not_said_again(
    instance: dg.DagsterInstance, resource: StoreResource
) -> None:
    judge = FakeJudge()
    defs = build_integration_monitor_defs(
        manifests=a_fleet(with_api(), with_api("stripe")),
        store=resource,
        measure=FakeMeasure(),
        judge_fleet=judge,
    )
    job = defs.resolve_job_def("integration_monitor_every_1h")
    result = job.execute_in_process(instance=instance)
    assert result.success
    assert len(result.get_asset_check_evaluations()) == 16
    assert judge.calls == [["hubspot", "stripe"]]
    sensor = defs.resolve_sensor_def("integration_monitor_telemetry")
    assert ticked(sensor, instance, resource) == []


def test_numbers_are_observed_more_often_than_checks_are_evaluated(
    instance: dg.DagsterInstance, resource: StoreResource
) -> None:
    fleet = a_fleet(with_api())
    defs = build_integration_monitor_defs(
        manifests=fleet, store=resource, measure=FakeMeasure(), judge_fleet=FakeJudge()
    )
    job = defs.resolve_job_def("integration_monitor_every_15m")
    result = job.execute_in_process(instance=instance)
    assert not [e for e in result.get_asset_check_evaluations() if e.asset_key == ERRORS.asset_key]
    [event] = instance.fetch_observations(ERRORS.asset_key, limit=5).records
    assert event.asset_observation is not None
    assert event.asset_observation.metadata["ratio"].value == 0.25
    assert "measured_at" in event.asset_observation.metadata


def test_why_nothing_could_be_judged_is_said_by_each_check_and_fails_the_run(
    resource: StoreResource,
) -> None:
    defs = build_integration_monitor_defs(
        manifests=a_fleet(with_api()), store=StoreIsAway(), judge_fleet=FakeJudge()
    )
    job = defs.resolve_job_def("integration_monitor_every_1h")
    result = job.execute_in_process(raise_on_error=False)
    assert not result.success
    found = result.get_asset_check_evaluations()
    assert len(found) == 8
    assert not any(each.passed for each in found)
    assert "the store does not answer" in str(found[0].description)


def test_webhooks_have_a_sensor_of_their_own(
    instance: dg.DagsterInstance, resource: StoreResource
) -> None:
    defs = build_integration_monitor_defs(manifests=a_fleet(CRM), store=resource)
    assert {each.name for each in defs.sensors or ()} >= {"integration_monitor_flat_line"}
    sensor = defs.resolve_sensor_def("integration_monitor_flat_line")
    told = ticked(sensor, instance, resource)
    assert [each.check_name for each in told] == list(webhooks.SIGNALS)
    assert ticked(sensor, instance, resource) == []
    waiting = an_event(0, took=None) | {"received_at": datetime.now(UTC) - timedelta(minutes=20)}
    store_webhooks(resource.open(), events=[waiting])
    found = {each.check_name: each for each in ticked(sensor, instance, resource)}
    backlog = found["backlog"]
    assert (backlog.passed, backlog.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert backlog.metadata["backlog"].value == 1
    assert "is a worker running?" in str(backlog.description)


def test_webhooks_are_observed_and_evaluated_in_runs(
    instance: dg.DagsterInstance, resource: StoreResource
) -> None:
    defs = build_integration_monitor_defs(manifests=a_fleet(CRM), store=resource)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    store_webhooks(
        resource.open(),
        counts=[a_count(0, 42) | dict.fromkeys(("hour", "first_at", "last_at"), hour)],
    )
    observed = defs.resolve_job_def("integration_monitor_every_15m").execute_in_process(
        instance=instance
    )
    assert observed.success
    [event] = instance.fetch_observations(dg.AssetKey(["crm", "webhooks"]), limit=5).records
    assert event.asset_observation is not None
    assert event.asset_observation.metadata["events_last_hour contact.updated"].value == 42
    checked = defs.resolve_job_def("integration_monitor_every_1h").execute_in_process(
        instance=instance
    )
    assert [each.check_name for each in checked.get_asset_check_evaluations()] == list(
        webhooks.SIGNALS
    )


def test_many_results_are_told_over_several_ticks_and_changes_first(
    resource: StoreResource,
) -> None:
    fleet = a_fleet(*(with_api(f"partner{n:03}") for n in range(AT_ONCE // 8 + 1)))
    judge = FakeJudge()
    with dg.DagsterInstance.ephemeral() as instance:
        sensor = sensor_of(judge, fleet)
        assert len(ticked(sensor, instance, resource)) == AT_ONCE
        judge.errors = "fail"
        second = ticked(sensor, instance, resource)
        assert {each.check_name for each in second} >= {"errors"}
        assert ticked(sensor, instance, resource) == []


def test_a_store_that_is_away_skips_the_tick() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, resources={STORE: StoreIsAway()})
        tick = sensor_of(FakeJudge()).evaluate_tick(context)
        assert "the store does not answer" in str(tick.skip_message)


def test_a_fleet_that_declares_nothing_of_its_partners_apis_has_no_such_sensor() -> None:
    defs = build_integration_monitor_defs(manifests=a_fleet())
    assert "integration_monitor_telemetry" not in {each.name for each in defs.sensors or ()}
    assert dg.AssetKey(["hubspot", "api"]) not in defs.resolve_all_asset_keys()
