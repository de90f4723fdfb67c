"""A job and a schedule for each cadence."""

from __future__ import annotations

import dagster as dg
import pytest

from integration_monitor.builder import build_integration_monitor_defs
from integration_monitor.jobs import build_jobs, job_name
from integration_monitor.manifest.domain import Cadence
from integration_monitor.schedules import build_schedules
from integration_monitor.targets import build_targets
from integration_monitor.translator import IntegrationMonitorTranslator
from integration_monitor_tests.plugin import (
    EVERY_15M,
    EVERY_DAY,
    IN_BUSINESS_HOURS,
    a_fleet,
    a_sync,
    an_integration,
)

FLEET = a_fleet(
    an_integration("hubspot", a_sync(), a_sync("deals", EVERY_DAY)),
    an_integration("stripe", a_sync("charges"), a_sync("refunds", IN_BUSINESS_HOURS)),
)


@pytest.mark.parametrize(
    ("every", "name"),
    [
        (EVERY_15M, "integration_monitor_every_15m"),
        (EVERY_DAY, "integration_monitor_every_1d"),
        (IN_BUSINESS_HOURS, "integration_monitor_cron_9cfe0f9d"),
    ],
)
def test_names_say_the_cadence(every: Cadence, name: str) -> None:
    assert job_name(every) == name


def test_each_sync_is_in_the_job_of_its_cadence() -> None:
    defs = build_integration_monitor_defs(manifests=FLEET)
    job = defs.resolve_job_def("integration_monitor_every_15m")
    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == {
        "hubspot/contacts_source",
        "hubspot/contacts_destination",
        "stripe/charges_source",
        "stripe/charges_destination",
    }
    assert {key.to_user_string() for key in job.asset_layer.asset_graph.asset_check_keys} >= {
        "hubspot/contacts_destination:reconciliation",
        "stripe/charges_destination:freshness",
    }


def test_schedules_run_in_utc_from_the_start() -> None:
    jobs = build_jobs(build_targets(FLEET, IntegrationMonitorTranslator()))
    schedules = build_schedules(jobs)
    assert {schedule.name: schedule.cron_schedule for schedule in schedules} == {
        "integration_monitor_every_15m": "*/15 * * * *",
        "integration_monitor_every_1d": "0 0 * * *",
        job_name(IN_BUSINESS_HOURS): "*/15 8-18 * * 1-5",
    }
    assert {schedule.execution_timezone for schedule in schedules} == {"UTC"}
    assert {schedule.default_status for schedule in schedules} == {dg.DefaultScheduleStatus.RUNNING}


def test_a_project_may_start_with_everything_off_and_another_executor() -> None:
    defs = build_integration_monitor_defs(
        manifests=FLEET,
        executor=dg.multiprocess_executor,
        schedules_status=dg.DefaultScheduleStatus.STOPPED,
        sensors_status=dg.DefaultSensorStatus.STOPPED,
        sensor_interval_s=5,
    )
    job = defs.resolve_job_def("integration_monitor_every_15m")
    assert job.executor_def.name == "multiprocess"
    sensor = defs.resolve_sensor_def("integration_monitor_incidents")
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    assert sensor.minimum_interval_seconds == 5
    schedule = defs.resolve_schedule_def("integration_monitor_every_15m")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED


def test_a_fleet_without_syncs_has_no_jobs() -> None:
    assert build_jobs([]) == []
