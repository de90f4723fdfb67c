"""Alerts for the asset checks of a Dagster project, without any manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from integration_monitor.asset_check_watch import AssetCheckWatch, ExtraChecks
from integration_monitor.loading import load_pinned_monitor
from integration_monitor.resources import STORE, StoreResource
from integration_monitor.sensors import INTERVAL_S, build_incident_sensor, incident_steps
from integration_monitor.signals.asset_check import CheckSeverities


def build_asset_check_alerts(
    *,
    monitor: str | Path,
    checks: ExtraChecks | None = None,
    severities: Mapping[str, str] | None = None,
    store: StoreResource | None = None,
    sensor_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
    sensor_interval_s: int = INTERVAL_S,
) -> dg.Definitions:
    """A sensor that opens, follows and resolves incidents of asset checks, and sends alerts.

    Args:
        monitor: The file that names the channels, who is told what, and the default owner.
        checks: Which checks of this code location: a selection, a selection string such as
            `group:analytics`, or check keys; left out, all of them.
        severities: What becomes of a check that does not pass: `warn` (left out: a ticket),
            `error` (a page) and `unevaluated` (its run died; a ticket) to `page`, `ticket`,
            `watch` or `ignore`.
        store: Where incidents are kept; left out, INTEGRATION_MONITOR_DATABASE_URL names it.
        sensor_status: Whether the sensor runs without being switched on.
        sensor_interval_s: Least seconds between two ticks.

    Raises `MonitorFileError` with the place of each mistake in `monitor`, and `ValueError` for a
    word in `severities` that means nothing. Beside `build_integration_monitor_defs`, use its
    `extra_checks` instead: there is one incident sensor a code location.

    Example:
        defs = dg.Definitions.merge(
            dg.Definitions(assets=[...]), build_asset_check_alerts(monitor="monitor.yaml")
        )
    """
    fleet = load_pinned_monitor(Path(monitor))
    watch = AssetCheckWatch(
        dg.AssetSelection.all_asset_checks() if checks is None else checks,
        severities=CheckSeverities.of(severities or {}),
    )
    sensor = build_incident_sensor(
        incident_steps(fleet, watch),
        checks=watch,
        interval_s=sensor_interval_s,
        status=sensor_status,
    )
    return dg.Definitions(sensors=[sensor], resources={STORE: store or StoreResource()})
