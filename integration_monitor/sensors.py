"""Sensors: incidents and alerts follow the store; manifests are re-read without a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import dagster as dg

from integration_monitor.asset_check_watch import AssetCheckWatch
from integration_monitor.checks import check_evaluation, outcome
from integration_monitor.failures import describe
from integration_monitor.housekeeping import Housekeeping
from integration_monitor.manifest.domain import Fleet
from integration_monitor.manifest_watch import ManifestWatch
from integration_monitor.resources import STORE, StoreResource
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store.engine import Store, StoreError
from integration_monitor.telemetry_watch import TelemetryWatch

INTERVAL_S = 30
RUNNING = dg.DefaultSensorStatus.RUNNING

Told = Mapping[dg.AssetCheckKey, Verdict]
Step = Callable[[Store], str]
"""A part of a tick; gives its line for the tick's log, empty where nothing happened."""


class TickFailed(Exception):
    """A part of a tick failed unexpectedly; the other parts were done."""


@dataclass(frozen=True)
class Named:
    """A step with the name under which its failure is reported."""

    name: str
    step: Step


def build_incident_sensor(
    steps: Sequence[Named],
    *,
    checks: AssetCheckWatch | None = None,
    interval_s: int = INTERVAL_S,
    status: dg.DefaultSensorStatus = RUNNING,
) -> dg.SensorDefinition:
    """Derives incidents from the store's verdicts and delivers what is due.

    Every step is tried in every tick. A store that is away skips the tick; any other failure
    makes the tick fail visibly, after all steps had their turn, and the next tick starts afresh.
    `checks` are asset checks that are not ours; their results are read first.
    """

    @dg.sensor(
        name="integration_monitor_incidents",
        description="Opens, follows and resolves incidents, and delivers their alerts.",
        minimum_interval_seconds=interval_s,
        default_status=status,
        required_resource_keys={STORE},
    )
    def incidents(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        first = [Named("asset checks", partial(_follow, checks, context))] if checks else []
        return dg.SkipReason(tick([*first, *steps], getattr(context.resources, STORE)))

    return incidents


def tick(steps: Sequence[Named], resource: StoreResource) -> str:
    """Do all steps and say what happened. Raises `TickFailed` after all had their turn."""
    said: list[str] = []
    failed: list[str] = []
    for named in steps:
        try:
            said.append(named.step(resource.open()))
        except StoreError as error:
            said.append(f"{named.name}: {error}")
        except Exception as error:  # noqa: BLE001 - alerts must go out whatever else broke
            failed.append(f"{named.name}: {describe(error)}")
    if failed:
        raise TickFailed("; ".join(failed + [line for line in said if line]))
    return "; ".join(dict.fromkeys(line for line in said if line)) or "nothing changed"


def build_manifest_sensor(
    watch: ManifestWatch,
    *,
    interval_s: int = INTERVAL_S,
    status: dg.DefaultSensorStatus = RUNNING,
) -> dg.SensorDefinition:
    """Re-reads manifests that were edited, and reports their checks without a run."""

    @dg.sensor(
        name="integration_monitor_manifests",
        description="Checks the manifests on disk: broken, repaired, or edited since loaded.",
        minimum_interval_seconds=interval_s,
        default_status=status,
        required_resource_keys={STORE},
    )
    def manifests(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        def look(store: Store) -> tuple[Told, str]:
            changed = watch.look(store)
            return changed, watch.summary(changed)

        return _reported(look, getattr(context.resources, STORE))

    return manifests


def build_telemetry_sensor(
    watch: TelemetryWatch,
    *,
    interval_s: int = INTERVAL_S,
    status: dg.DefaultSensorStatus = RUNNING,
) -> dg.SensorDefinition:
    """Judges the calls of the whole fleet, and reports what changed without a run."""
    says = "Judges the calls to all partners, and reports checks that changed."
    return _fleet_sensor(watch, "integration_monitor_telemetry", says, interval_s, status)


def build_flat_line_sensor(
    watch: TelemetryWatch,
    *,
    interval_s: int = INTERVAL_S,
    status: dg.DefaultSensorStatus = RUNNING,
) -> dg.SensorDefinition:
    """Judges the webhooks of the whole fleet, and reports what changed without a run."""
    says = "Judges all webhooks: missing, late, rejected, stuck. Reports checks that changed."
    return _fleet_sensor(watch, "integration_monitor_flat_line", says, interval_s, status)


def _fleet_sensor(
    watch: TelemetryWatch,
    name: str,
    description: str,
    interval_s: int,
    status: dg.DefaultSensorStatus,
) -> dg.SensorDefinition:
    """It reads the store alone: a partner that hangs must not cost a tick its 60 seconds."""

    @dg.sensor(
        name=name,
        description=description,
        minimum_interval_seconds=interval_s,
        default_status=status,
        required_resource_keys={STORE},
    )
    def fleet(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        def look(store: Store) -> tuple[Told, str]:
            news = watch.look(store, context.instance)
            return news.told, str(news)

        return _reported(look, getattr(context.resources, STORE))

    return fleet


def _reported(
    look: Callable[[Store], tuple[Told, str]], resource: StoreResource
) -> dg.SensorResult:
    """Verdicts as results without a run, and a line for the tick; a store that is away skips it."""
    try:
        told, said = look(resource.open())
    except StoreError as error:
        return dg.SensorResult(skip_reason=str(error))
    events = [check_evaluation(key, outcome(verdict)) for key, verdict in told.items()]
    return dg.SensorResult(asset_events=events, skip_reason=said)


def incident_steps(fleet: Fleet, checks: AssetCheckWatch | None = None) -> tuple[Named, ...]:
    """Incidents first, then what is to be told of them, and what may wait last."""
    return (
        Named("incidents", partial(_update_incidents, fleet, checks)),
        Named("alerts", partial(_deliver_alerts, fleet)),
        Named("housekeeping", Housekeeping(fleet)),
    )


def _follow(checks: AssetCheckWatch, context: dg.SensorEvaluationContext, store: Store) -> str:
    return checks.look(context.instance, context.repository_def, store)


def _update_incidents(fleet: Fleet, checks: AssetCheckWatch | None, store: Store) -> str:
    # Imported late, with its channels: a code location loads faster than it alerts.
    from integration_monitor.alerts.notify import update_incidents

    watched = checks.watched if checks else None
    return str(update_incidents(store, fleet, datetime.now(UTC), watched))


def _deliver_alerts(fleet: Fleet, store: Store) -> str:
    from integration_monitor.alerts.deliver import DeliverySummary, deliver

    did = deliver(store, fleet.monitor, os.environ)
    return "" if did == DeliverySummary() else str(did)
