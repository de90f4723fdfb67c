"""Telling Dagster what is new about calls and webhooks, without a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from integration_monitor.collection import collection_paused
from integration_monitor.dagster_internals import AssetCheckExecutionRecord, last_check_executions
from integration_monitor.fleet_results import JudgeFleet, by_integration
from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.verdict import Verdict
from integration_monitor.signals.wording import count, number, some
from integration_monitor.store.engine import Store
from integration_monitor.targets import Target
from integration_monitor.translator import FleetRole

CONFIRM_EVERY = timedelta(hours=1)
"""How often a result that did not change is given again."""
AT_ONCE = 500
"""Results told in one tick: each costs Dagster some 12 ms. The others have their turn next."""
UNDER_WAY_FOR = timedelta(minutes=15)
"""How long a run that is about to give a result is waited for."""


@dataclass(frozen=True)
class _Shown:
    """What Dagster shows of a check."""

    at: datetime
    status: str | None = None
    """None where a run is about to say it."""
    severity: str | None = None


@dataclass(frozen=True)
class News:
    """What a tick tells, and how much more there was to tell."""

    told: Mapping[dg.AssetCheckKey, Verdict]
    judged: int
    waiting: int = 0

    def __str__(self) -> str:
        """A line for the tick's log."""
        bad = [each for each in self.told.values() if each.status != "ok"]
        named = some(sorted(f"{each.integration} {each.signal} is {each.status}" for each in bad))
        said = f"{count(self.judged, 'verdict')}, {number(len(self.told))} told"
        more = f"; {number(self.waiting)} more next time" if self.waiting else ""
        return said + (f": {named}" if named else "") + more


class TelemetryWatch:
    """Judges one subject of the whole fleet, and compares with what Dagster shows of each check.

    Nothing is remembered here: what Dagster shows is read from Dagster, so that a restart tells
    nothing twice, and a result that was lost is told again.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        judge: JudgeFleet,
        role: FleetRole = "api",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._judge = judge
        self._role = role
        self._clock = clock
        watched = [
            (target.manifest, key, data.verdict_signal)
            for target in targets
            for key, data in target.checks.items()
            if data.asset.role == role and isinstance(target.manifest, Integration)
        ]
        self._keys = {key: (manifest.name, signal) for manifest, key, signal in watched}
        self._integrations = tuple({each.name: each for each, _, _ in watched}.values())

    @property
    def is_needed(self) -> bool:
        """Whether there is an integration of which this is watched."""
        return bool(self._integrations)

    def look(self, store: Store, instance: dg.DagsterInstance) -> News:
        """Judge, and say what Dagster does not show yet.

        Raises `StoreError` where the store is away.
        """
        # Of all that is judged little is told: what is not told is gone when it ends.
        with collection_paused():
            return self._look(store, instance)

    def _look(self, store: Store, instance: dg.DagsterInstance) -> News:
        verdicts = by_integration(self._judge(store, self._integrations), self._role)
        found = {
            key: verdict
            for key, (integration, signal) in self._keys.items()
            if (verdict := verdicts.get(integration, {}).get(signal)) is not None
        }
        shown = _shown(instance, list(found))
        now = self._clock()
        due = [key for key, verdict in found.items() if _is_due(verdict, shown.get(key), now)]
        # What changed goes before what is only confirmed.
        due.sort(key=lambda key: not _differs(found[key], shown.get(key)))
        told = {key: found[key] for key in due[:AT_ONCE]}
        return News(told, len(found), len(due) - len(told))


def _is_due(verdict: Verdict, shown: _Shown | None, now: datetime) -> bool:
    if shown is None:
        return True
    if shown.status is None:
        return now - shown.at >= UNDER_WAY_FOR
    return _differs(verdict, shown) or now - shown.at >= CONFIRM_EVERY


def _differs(verdict: Verdict, shown: _Shown | None) -> bool:
    told = None if shown is None else (shown.status, shown.severity)
    return told != (verdict.status, verdict.severity)


def _shown(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, _Shown]:
    found = last_check_executions(instance, keys)
    return {key: _as_shown(execution) for key, execution in found.items()}


def _as_shown(execution: AssetCheckExecutionRecord) -> _Shown:
    evaluation = execution.evaluation
    if not isinstance(evaluation, dg.AssetCheckEvaluation) or execution.event is None:
        return _Shown(datetime.fromtimestamp(execution.create_timestamp, UTC))
    told = evaluation.metadata
    return _Shown(
        datetime.fromtimestamp(execution.event.timestamp, UTC),
        status=str(told["status"].value) if "status" in told else "",
        severity=str(told["severity"].value) if "severity" in told else None,
    )
