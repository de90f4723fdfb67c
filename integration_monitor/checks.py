"""Dagster's view of verdicts and measurements: check results and observations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from integration_monitor.signals.next_step import next_step
from integration_monitor.signals.shape import FieldShape
from integration_monitor.signals.verdict import Status, Verdict
from integration_monitor.signals.wording import number, table

_TENANTS_SHOWN = 20
_COLUMNS_SHOWN = 200
_COLUMNS_CHARACTERS = 900
"""Dagster shows markdown of less than 1,000 characters in place, longer one behind a link."""
_COLUMNS_HEADER = ("column", "type", "used as")
_DECIMALS = 3


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
    """A verdict with its evidence as numbers that plot, its tenants and its table of details.

    Its reason is the result's description, so it is not repeated in the metadata.
    """
    metadata = {
        **_numbers(verdict.evidence),
        "status": dg.MetadataValue.text(verdict.status),
        "measured_at": dg.MetadataValue.timestamp(verdict.at),
    }
    if verdict.severity:
        metadata["severity"] = dg.MetadataValue.text(verdict.severity)
    if verdict.tenants:
        metadata["tenants"] = dg.MetadataValue.text(_names(verdict.tenants))
    if command := next_step(verdict.integration, verdict.subject, verdict.signal, verdict.status):
        metadata["next_step"] = dg.MetadataValue.text(command)
    if verdict.markdown:
        metadata["details"] = dg.MetadataValue.md(verdict.markdown)
    return CheckOutcome(verdict.status, verdict.reason, metadata)


def unmeasured(reason: str) -> CheckOutcome:
    """`unknown`, because there is no verdict at all."""
    return CheckOutcome("unknown", reason, {"status": dg.MetadataValue.text("unknown")})


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
    column_list: str = "",
) -> dg.ObserveResult:
    """What was seen of a side, as numbers that plot; `records` is also its row count."""
    metadata = _numbers(numbers)
    if "records" in metadata:
        metadata["dagster/row_count"] = dg.MetadataValue.int(round(numbers["records"]))
    if table:
        metadata["dagster/table_name"] = dg.MetadataValue.text(table)
    if columns:
        metadata["dagster/column_schema"] = dg.MetadataValue.table_schema(columns)
    if column_list:
        metadata["columns"] = dg.MetadataValue.md(column_list)
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


def column_list(fields: Mapping[str, FieldShape], uses: Mapping[str, str]) -> str:
    """The first fields with their types and what the sync uses them for, as markdown.

    Beside `column_schema`, because Dagster shows the columns of an observation only among its
    events. `uses` is by path, as `mapped_paths` gives it.
    """
    rows: list[tuple[str, str, str]] = []
    for path, field in fields.items():
        row = (f"`{path}`", field.text, uses.get(path, ""))
        if len(table(_COLUMNS_HEADER, [*rows, row])) > _COLUMNS_CHARACTERS:
            break
        rows.append(row)
    more = len(fields) - len(rows)
    shown = table(_COLUMNS_HEADER, rows)
    return f"{shown}\n\nand {number(more)} more" if more else shown


def _numbers(numbers: Mapping[str, float]) -> dict[str, dg.MetadataValue]:
    return {name: _number(value) for name, value in numbers.items() if math.isfinite(value)}


def _number(value: float) -> dg.MetadataValue:
    if float(value).is_integer():
        return dg.MetadataValue.int(int(value))
    return dg.MetadataValue.float(round(float(value), _DECIMALS))


def _names(tenants: tuple[str, ...]) -> str:
    more = len(tenants) - _TENANTS_SHOWN
    shown = ", ".join(tenants[:_TENANTS_SHOWN])
    return f"{len(tenants)}: {shown}" + (f" and {more} more" if more > 0 else "")
