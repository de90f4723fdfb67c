"""What is judged of a whole fleet at once, in a run: judged once, told by each one's own op."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Protocol

import dagster as dg

from integration_monitor.checks import check_result, observation, outcome, unmeasured
from integration_monitor.dagster_internals import EntityKeys
from integration_monitor.manifest.domain import BrokenManifest, Integration
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store.engine import Store
from integration_monitor.targets import SIGNALS, Target
from integration_monitor.translator import FleetRole

_MISSING: Mapping[FleetRole, str] = {"api": "calls", "webhooks": "webhooks"}

FleetVerdicts = Mapping[str, Mapping[str, Verdict]]
"""The verdicts about one subject by integration and signal."""


class JudgeFleet(Protocol):
    """Judges one subject of integrations from the store, and stores the verdicts."""

    def __call__(self, store: Store, integrations: Sequence[Integration]) -> Sequence[Verdict]:
        """The verdicts of all of them, now. Raises `StoreError` where the store is away."""


def judge_fleet_now(store: Store, integrations: Sequence[Integration]) -> Sequence[Verdict]:
    """The real `JudgeFleet` of calls. Imported late: a code location loads faster without it."""
    from datetime import UTC, datetime

    from integration_monitor.telemetry import judge_fleet

    return judge_fleet(store, integrations, datetime.now(UTC))


def judge_webhooks_now(store: Store, integrations: Sequence[Integration]) -> Sequence[Verdict]:
    """The real `JudgeFleet` of webhooks, imported late too."""
    from datetime import UTC, datetime

    from integration_monitor.webhook_judgement import judge_webhooks

    return judge_webhooks(store, integrations, datetime.now(UTC))


def by_integration(verdicts: Sequence[Verdict], subject: str) -> FleetVerdicts:
    """The verdicts about a subject by integration and signal."""
    found: dict[str, dict[str, Verdict]] = {}
    for verdict in verdicts:
        if verdict.subject == subject:
            found.setdefault(verdict.integration, {})[verdict.signal] = verdict
    return found


class RunJudgement:
    """What was judged for a run: the first of its ops that asks has it done for all of them.

    Only the last run is remembered: a run's process has no other one.
    """

    def __init__(self, subject: FleetRole, judge: JudgeFleet) -> None:
        self._subject = subject
        self._judge = judge
        self._lock = Lock()
        self._run_id = ""
        self._verdicts: FleetVerdicts = {}

    def of(
        self, run_id: str, open_store: Callable[[], Store], integrations: Sequence[Integration]
    ) -> FleetVerdicts:
        """The verdicts; raises what judging raised, and tries again where it is asked again."""
        with self._lock:
            if self._run_id != run_id:
                found = self._judge(open_store(), integrations)
                self._verdicts = by_integration(found, self._subject)
                self._run_id = run_id
            return self._verdicts


def fleet_results(
    target: Target, keys: EntityKeys, role: FleetRole, judged: FleetVerdicts | str
) -> Iterator[dg.ObserveResult | dg.AssetCheckResult]:
    """What an op says of its partner; `judged` may be why there is no verdict."""
    verdicts = {} if isinstance(judged, str) else judged.get(target.manifest.name, {})
    missing = judged if isinstance(judged, str) else f"nothing is known of {_MISSING[role]} yet"
    for key in target.of_role(keys, role):
        if isinstance(key, dg.AssetCheckKey):
            verdict = verdicts.get(target.checks[key].verdict_signal)
            yield check_result(key, outcome(verdict) if verdict else unmeasured(missing))
        elif verdicts:
            at = max(verdict.at for verdict in verdicts.values())
            yield observation(key, fleet_numbers(target.manifest, role, verdicts), at, None)


def fleet_numbers(
    integration: Integration | BrokenManifest, role: FleetRole, verdicts: Mapping[str, Verdict]
) -> dict[str, float]:
    """The numbers of all verdicts: where two have one, it is the same. Calls per minute, too."""
    numbers = {
        name: value
        for signal in reversed(SIGNALS[role])
        if signal in verdicts
        for name, value in verdicts[signal].evidence.items()
    }
    if isinstance(integration, Integration) and "calls" in numbers:
        minutes = integration.calls.window.total_seconds() / 60
        numbers["calls_per_minute"] = numbers["calls"] / minutes
    return numbers
