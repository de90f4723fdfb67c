"""The last execution of each asset check, as plain facts, from Dagster's storage."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from integration_monitor.dagster_internals import (
    AssetCheckExecutionRecord,
    last_check_executions,
)
from integration_monitor.signals.asset_check import Evaluated, LastExecution, NotEvaluated

STUCK_AFTER = timedelta(days=1)
"""How long a run may take to evaluate a check before it is taken for dead: where nobody watches
runs, one that was killed stays started for ever."""
_NUMBERS = 50
"""Numbers of a check's metadata that are kept."""


@dataclass(frozen=True)
class Executions:
    """What was found of the checks; a check that was never executed is in neither."""

    last: Mapping[dg.AssetCheckKey, LastExecution]
    under_way: Mapping[dg.AssetCheckKey, int]
    """Checks that a run is about to evaluate, with the number of the execution."""


def read_executions(
    instance: dg.DagsterInstance, checks: Mapping[dg.AssetCheckKey, str], now: datetime
) -> Executions:
    """Read them; `checks` are the keys, each with the check's description.

    One query for the executions and one for the runs of those without a result; where a run has
    ended, one more for what it said between these two.
    """
    last, waiting = _told(last_check_executions(instance, list(checks)), checks)
    runs = _runs(instance, {execution.run_id for execution in waiting.values()})
    ended = {
        key: found
        for key, execution in waiting.items()
        if (found := _without_result(execution, runs.get(execution.run_id), now))
    }
    late: dict[dg.AssetCheckKey, Evaluated] = {}
    if ended:
        late, _ = _told(last_check_executions(instance, list(ended)), checks)
    under_way = {key: each.id for key, each in waiting.items() if key not in ended}
    return Executions({**last, **ended, **late}, under_way)


def _told(
    executions: Mapping[dg.AssetCheckKey, AssetCheckExecutionRecord],
    checks: Mapping[dg.AssetCheckKey, str],
) -> tuple[dict[dg.AssetCheckKey, Evaluated], dict[dg.AssetCheckKey, AssetCheckExecutionRecord]]:
    """The results that executions gave, and the executions that gave none (yet)."""
    found = {key: result(execution, checks[key]) for key, execution in executions.items()}
    told = {key: each for key, each in found.items() if each is not None}
    return told, {key: each for key, each in executions.items() if key not in told}


def result(execution: AssetCheckExecutionRecord, description: str) -> Evaluated | None:
    """The result that an execution gave, None where it gave none (yet)."""
    evaluation = execution.evaluation
    if not isinstance(evaluation, dg.AssetCheckEvaluation) or execution.event is None:
        return None
    return Evaluated(
        at=_utc(execution.event.timestamp),
        passed=evaluation.passed,
        severity="warn" if evaluation.severity is dg.AssetCheckSeverity.WARN else "error",
        description=evaluation.description or description,
        numbers=dict(_numbers(evaluation.metadata)),
    )


def _runs(instance: dg.DagsterInstance, run_ids: set[str]) -> dict[str, dg.RunRecord]:
    if not run_ids:
        return {}
    records = instance.get_run_records(dg.RunsFilter(run_ids=sorted(run_ids)))
    return {record.dagster_run.run_id: record for record in records}


def _without_result(
    execution: AssetCheckExecutionRecord, record: dg.RunRecord | None, now: datetime
) -> NotEvaluated | None:
    """Why there will be no result; None where there may be one yet."""
    # SQLite cuts it to whole seconds: rounded up, it is after every result before it.
    planned = _utc(math.floor(execution.create_timestamp) + 1)
    if record is None:
        return NotEvaluated(planned, f"its run {execution.run_id} is gone: it was not evaluated")
    run = f"its run {execution.run_id}"
    if record.dagster_run.is_finished:
        ended = planned if record.end_time is None else _utc(record.end_time)
        how = _HOW_ENDED.get(record.dagster_run.status, "ended")
        return NotEvaluated(ended, f"{run} {how} before the check was evaluated")
    if now - planned > STUCK_AFTER:
        since = f"{planned:%Y-%m-%d %H:%M} UTC"
        reason = f"{run} was to evaluate it since {since} and is not finished"
        return NotEvaluated(planned + STUCK_AFTER, reason)
    return None


_HOW_ENDED = {
    dg.DagsterRunStatus.FAILURE: "failed",
    dg.DagsterRunStatus.CANCELED: "was canceled",
}


def _numbers(metadata: Mapping[str, dg.MetadataValue]) -> Iterable[tuple[str, float]]:
    for name in list(metadata)[:_NUMBERS]:
        value = metadata[name].value
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = _finite(value)
            if number is not None:
                yield name.replace("\0", " "), number


def _finite(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _utc(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
