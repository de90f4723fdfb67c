"""Calls in a run: judged once for all integrations of it, told by each one's own op."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Protocol

import dagster as dg

from integration_monitor.checks import check_result, observation, outcome, unmeasured
from integration_monitor.dagster_internals import EntityKeys
from integration_monitor.manifest.domain import BrokenManifest, Integration
from integration_monitor.signals import api
from integration_monitor.signals.verdict import API, Verdict
from integration_monitor.store.engine import Store
from integration_monitor.targets import Target

ApiVerdicts = Mapping[str, Mapping[str, Verdict]]
"""The verdicts about calls by integration and signal."""


class JudgeFleet(Protocol):
    """Judges the calls of integrations from the store, and stores the verdicts."""

    def __call__(self, store: Store, integrations: Sequence[Integration]) -> Sequence[Verdict]:
        """The verdicts of all of them, now. Raises `StoreError` where the store is away."""


def judge_fleet_now(store: Store, integrations: Sequence[Integration]) -> Sequence[Verdict]:
    """The real `JudgeFleet`. Imported late: a code location loads faster without it."""
    from datetime import UTC, datetime

    from integration_monitor.telemetry import judge_fleet

    return judge_fleet(store, integrations, datetime.now(UTC))


def by_integration(verdicts: Sequence[Verdict]) -> ApiVerdicts:
    """The verdicts about calls by integration and signal."""
    found: dict[str, dict[str, Verdict]] = {}
    for verdict in verdicts:
        if verdict.subject == API:
            found.setdefault(verdict.integration, {})[verdict.signal] = verdict
    return found


class RunJudgement:
    """What was judged for a run: the first of its ops that asks has it done for all of them.

    Only the last run is remembered: a run's process has no other one.
    """

    def __init__(self, judge: JudgeFleet) -> None:
        self._judge = judge
        self._lock = Lock()
        self._run_id = ""
        self._verdicts: ApiVerdicts = {}

    def of(
        self, run_id: str, open_store: Callable[[], Store], integrations: Sequence[Integration]
    ) -> ApiVerdicts:
        """The verdicts; raises what judging raised, and tries again where it is asked again."""
        with self._lock:
            if self._run_id != run_id:
                self._verdicts = by_integration(self._judge(open_store(), integrations))
                self._run_id = run_id
            return self._verdicts


def api_results(
    target: Target, keys: EntityKeys, judged: ApiVerdicts | str
) -> Iterator[dg.ObserveResult | dg.AssetCheckResult]:
    """What an op says of its partner's API; `judged` may be why there is no verdict."""
    verdicts = {} if isinstance(judged, str) else judged.get(target.manifest.name, {})
    missing = judged if isinstance(judged, str) else "nothing is known of calls yet"
    for key in target.of_role(keys, "api"):
        if isinstance(key, dg.AssetCheckKey):
            verdict = verdicts.get(target.checks[key].verdict_signal)
            yield check_result(key, outcome(verdict) if verdict else unmeasured(missing))
        elif verdicts:
            at = max(verdict.at for verdict in verdicts.values())
            yield observation(key, api_numbers(target.manifest, verdicts), at, None)


def api_numbers(
    integration: Integration | BrokenManifest, verdicts: Mapping[str, Verdict]
) -> dict[str, float]:
    """Calls per minute, and the numbers of all verdicts: where two have one, it is the same."""
    numbers = {
        name: value
        for signal in reversed(api.SIGNALS)
        if signal in verdicts
        for name, value in verdicts[signal].evidence.items()
    }
    if isinstance(integration, Integration) and "calls" in numbers:
        minutes = integration.calls.window.total_seconds() / 60
        numbers["calls_per_minute"] = numbers["calls"] / minutes
    return numbers
