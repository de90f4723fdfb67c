"""Dagster's view of verdicts and measurements: check results and observations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from integration_monitor.signals.shape import FieldShape
from integration_monitor.signals.verdict import Status, Verdict

_TENANTS_SHOWN = 20
_COLUMNS_SHOWN = 200


@dataclass(frozen=True)
class CheckOutcome:
    """What Dagster is told: `ok` passes; `warn`, `unknown` (WARN) and `fail` (ERROR) do not."""

    status: Status
    reason: str
    metadata: Mapping[str, dg.MetadataValue]

    @property
    def passed(self) -> bool:
        """Only `ok` passes."""
        return self.status == "ok"

    @property
    def severity(self) -> dg.AssetCheckSeverity:
        """How Dagster colours a check that did not pass."""
        if self.status == "fail":
            return dg.AssetCheckSeverity.ERROR
        return dg.AssetCheckSeverity.WARN


def outcome(verdict: Verdict) -> CheckOutcome:
    """A verdict with its evidence as numbers that plot, its tenants and its table of details."""
    metadata = {
        **_numbers(verdict.evidence),
        "status": dg.MetadataValue.text(verdict.status),
        "reason": dg.MetadataValue.text(verdict.reason),
        "measured_at": dg.MetadataValue.timestamp(verdict.at),
    }
    if verdict.severity:
        metadata["severity"] = dg.MetadataValue.text(verdict.severity)
    if verdict.tenants:
        metadata["tenants"] = dg.MetadataValue.text(_names(verdict.tenants))
    if verdict.details:
        metadata["details"] = dg.MetadataValue.md(verdict.details)
    return CheckOutcome(verdict.status, verdict.reason, metadata)


def unmeasured(reason: str) -> CheckOutcome:
    """`unknown`, because there is no verdict at all."""
    metadata = {
        "status": dg.MetadataValue.text("unknown"),
        "reason": dg.MetadataValue.text(reason),
    }
    return CheckOutcome("unknown", reason, metadata)


def check_result(key: dg.AssetCheckKey, outcome: CheckOutcome) -> dg.AssetCheckResult:
    """The outcome as the result of a run's check."""
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=outcome.passed,
        severity=outcome.severity,
        description=outcome.reason,
        metadata=outcome.metadata,
    )


def check_evaluation(key: dg.AssetCheckKey, outcome: CheckOutcome) -> dg.AssetCheckEvaluation:
    """The outcome as a result without a run, for a sensor to report."""
    return dg.AssetCheckEvaluation(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=outcome.passed,
        severity=outcome.severity,
        description=outcome.reason,
        metadata=outcome.metadata,
    )


def observation(
    key: dg.AssetKey,
    numbers: Mapping[str, float],
    at: datetime | None,
    table: str | None,
    columns: dg.TableSchema | None = None,
) -> dg.ObserveResult:
    """What was seen of a side, as numbers that plot; `records` is also its row count."""
    metadata = _numbers(numbers)
    if "records" in metadata:
        metadata["dagster/row_count"] = dg.MetadataValue.int(round(numbers["records"]))
    if table:
        metadata["dagster/table_name"] = dg.MetadataValue.text(table)
    if columns:
        metadata["dagster/column_schema"] = dg.MetadataValue.table_schema(columns)
    if at:
        metadata["measured_at"] = dg.MetadataValue.timestamp(at)
    return dg.ObserveResult(asset_key=key, metadata=metadata)


def column_schema(fields: Mapping[str, FieldShape]) -> dg.TableSchema | None:
    """The first fields of a side as Dagster shows columns, None where none were seen."""
    if not fields:
        return None
    columns = [
        dg.TableColumn(
            name=path,
            type=field.type_text,
            constraints=dg.TableColumnConstraints(nullable=field.nulls > 0),
        )
        for path, field in itertools.islice(fields.items(), _COLUMNS_SHOWN)
    ]
    return dg.TableSchema(columns=columns)


def _numbers(numbers: Mapping[str, float]) -> dict[str, dg.MetadataValue]:
    return {name: _number(number) for name, number in numbers.items() if math.isfinite(number)}


def _number(number: float) -> dg.MetadataValue:
    if float(number).is_integer():
        return dg.MetadataValue.int(int(number))
    return dg.MetadataValue.float(float(number))


def _names(tenants: tuple[str, ...]) -> str:
    more = len(tenants) - _TENANTS_SHOWN
    shown = ", ".join(tenants[:_TENANTS_SHOWN])
    return f"{len(tenants)}: {shown}" + (f" and {more} more" if more > 0 else "")
