"""Everything the plugin shows and does, as one `Definitions` to merge into a project's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from integration_monitor.asset_check_watch import AssetCheckWatch, ExtraChecks
from integration_monitor.assets import Measure, build_assets, measure_now
from integration_monitor.changelog_job import build_changelog_jobs
from integration_monitor.collection import collection_paused
from integration_monitor.dagster_internals import register_library
from integration_monitor.fleet_results import JudgeFleet, judge_fleet_now, judge_webhooks_now
from integration_monitor.jobs import build_jobs
from integration_monitor.loading import load_pinned
from integration_monitor.manifest.domain import Fleet
from integration_monitor.manifest_check import ManifestCheck
from integration_monitor.manifest_watch import ManifestWatch
from integration_monitor.resources import STORE, StoreResource
from integration_monitor.schedules import build_schedules
from integration_monitor.sensors import (
    INTERVAL_S,
    build_flat_line_sensor,
    build_incident_sensor,
    build_manifest_sensor,
    build_telemetry_sensor,
    incident_steps,
)
from integration_monitor.signals.asset_check import CheckSeverities
from integration_monitor.subscription_job import build_subscription_jobs
from integration_monitor.targets import build_targets
from integration_monitor.telemetry_watch import TelemetryWatch
from integration_monitor.translator import IntegrationMonitorTranslator
from integration_monitor.version import __version__

register_library("integration-monitor", __version__)


@collection_paused()
def build_integration_monitor_defs(
    *,
    manifests: str | Path | Fleet,
    translator: IntegrationMonitorTranslator | None = None,
    store: StoreResource | None = None,
    executor: dg.ExecutorDefinition = dg.in_process_executor,
    schedules_status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.RUNNING,
    sensors_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
    sensor_interval_s: int = INTERVAL_S,
    measure: Measure = measure_now,
    judge_fleet: JudgeFleet = judge_fleet_now,
    judge_webhooks: JudgeFleet = judge_webhooks_now,
    extra_checks: ExtraChecks | None = None,
    extra_check_severities: Mapping[str, str] | None = None,
) -> dg.Definitions:
    """Assets, checks, jobs, schedules and sensors of the integrations in a manifest directory.

    Args:
        manifests: The manifest directory, or a fleet that was loaded already. From a directory,
            runs measure what the code location loaded, however the files change meanwhile.
        translator: Names and describes assets and checks; subclass it to differ.
        store: Where verdicts are kept; left out, INTEGRATION_MONITOR_DATABASE_URL names it.
        executor: Runs the steps of a job, one an integration. In-process measures them side by
            side in one process; another executor starts a process (or more) for each.
        schedules_status: Whether schedules run without being switched on.
        sensors_status: Whether sensors run without being switched on.
        sensor_interval_s: Least seconds between two ticks of the sensors that follow the store.
        measure: Measures the syncs of an integration; for tests.
        judge_fleet: Judges the calls of integrations; for tests.
        judge_webhooks: Judges their webhooks; for tests.
        extra_checks: Other asset checks of this code location that incidents and alerts follow
            too: a selection, a selection string such as `group:analytics`, or check keys.
        extra_check_severities: What becomes of those that do not pass: `warn` (a ticket),
            `error` (a page) and `unevaluated` (its run died; a ticket) to `page`, `ticket`,
            `watch` or `ignore`. Another word raises `ValueError`.

    A manifest that cannot be read does not raise: its `manifest` check fails, the rest is watched.

    Example:
        defs = dg.Definitions.merge(
            dg.Definitions(assets=[...]), build_integration_monitor_defs(manifests="integrations")
        )
    """
    fleet = manifests if isinstance(manifests, Fleet) else load_pinned(Path(manifests))
    targets = build_targets(fleet, translator or IntegrationMonitorTranslator())
    jobs = build_jobs(targets, executor)
    asking = [
        *build_changelog_jobs(fleet.integrations, schedules_status),
        *build_subscription_jobs(fleet.integrations, schedules_status),
    ]
    check = ManifestCheck(fleet)
    watch = ManifestWatch(targets, fleet.directory, check)
    assets = build_assets(
        targets,
        measure=measure,
        judge_manifest=check,
        judge_fleet=judge_fleet,
        judge_webhooks=judge_webhooks,
    )
    calls = TelemetryWatch(targets, judge_fleet, "api")
    webhooks = TelemetryWatch(targets, judge_webhooks, "webhooks")
    checks = None
    if extra_checks is not None:
        own = frozenset(key for each in assets for key in each.check_keys)
        severities = CheckSeverities.of(extra_check_severities or {})
        checks = AssetCheckWatch(extra_checks, own=own, severities=severities)
    return dg.Definitions(
        assets=assets,
        jobs=[*(entry.job for entry in jobs), *(each.job for each in asking)],
        schedules=[
            *build_schedules(jobs, schedules_status),
            *(each.schedule for each in asking),
        ],
        sensors=[
            build_incident_sensor(
                incident_steps(fleet, checks),
                checks=checks,
                interval_s=sensor_interval_s,
                status=sensors_status,
            ),
            build_manifest_sensor(watch, status=sensors_status),
            *(
                build(watch, interval_s=sensor_interval_s, status=sensors_status)
                for build, watch in (
                    (build_telemetry_sensor, calls),
                    (build_flat_line_sensor, webhooks),
                )
                if watch.is_needed
            ),
        ],
        resources={STORE: store or StoreResource()},
    )
