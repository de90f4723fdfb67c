"""What the last execution of an asset check that is not ours says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, cast, get_args

from integration_monitor.manifest.domain import Severity
from integration_monitor.signals.verdict import ASSET_CHECKS, Status, Verdict
from integration_monitor.signals.wording import number

SIGNAL = "asset_check"
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
"""How long such a verdict is valid: when a check is due again is not known to the monitor."""

CheckSeverity = Literal["warn", "error"]
"""What Dagster says of a check that did not pass."""
CASES = ("warn", "error", "unevaluated")
Attention = Literal["page", "ticket", "watch", "ignore"]

_REASON = 300
"""Characters of a description that are kept."""
_FIGURES = 5
"""Numbers that a reason names; all of them are evidence."""


@dataclass(frozen=True)
class CheckSeverities:
    """How much attention a check that did not pass gets, by the severity that it reports."""

    warn: Attention = "ticket"
    error: Attention = "page"
    unevaluated: Attention = "ticket"
    """Of a check whose run ended without a result of it."""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> CheckSeverities:
        """From what a user wrote. Raises `ValueError` that says what is allowed."""
        for case, attention in given.items():
            _one_of(CASES, case, "a severity of an asset check")
            _one_of(get_args(Attention), attention, f"what `{case}` can become")
        return replace(cls(), **cast("dict[str, Attention]", dict(given)))


@dataclass(frozen=True)
class Evaluated:
    """The check gave a result."""

    at: datetime
    passed: bool
    severity: CheckSeverity = "error"
    description: str = ""
    """What the result says of itself, otherwise what the check asks; may be empty."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """The numbers among its metadata. All finite."""


@dataclass(frozen=True)
class NotEvaluated:
    """The check was planned, and its run ended without a result of it."""

    at: datetime
    reason: str


LastExecution = Evaluated | NotEvaluated


def judge_asset_check(
    subject: str, last: LastExecution, severities: CheckSeverities
) -> Verdict | None:
    """The verdict about a check, `subject` being its key as text.

    None where what it said before still stands.
    """
    if isinstance(last, NotEvaluated):
        if severities.unevaluated == "ignore":
            return None
        return _verdict(subject, "unknown", last.reason, last.at, severities.unevaluated, {})
    attention = severities.warn if last.severity == "warn" else severities.error
    if last.passed or attention == "ignore":
        return _verdict(subject, "ok", _reason(last), last.at, None, last.numbers)
    status: Status = "warn" if last.severity == "warn" else "fail"
    return _verdict(subject, status, _reason(last), last.at, attention, last.numbers)


def one_line(text: str) -> str:
    """Text as one line of bounded length that every database takes."""
    line = " ".join(text.replace("\0", " ").split())
    return line if len(line) <= _REASON else line[: _REASON - 2].rstrip() + " …"


def _verdict(
    subject: str,
    status: Status,
    reason: str,
    at: datetime,
    severity: Severity | None,
    evidence: Mapping[str, float],
) -> Verdict:
    return Verdict(
        integration=ASSET_CHECKS,
        subject=subject,
        signal=SIGNAL,
        status=status,
        reason=reason,
        at=at,
        valid_until=FOR_EVER,
        severity=severity,
        evidence=evidence,
    )


def _reason(last: Evaluated) -> str:
    said = "it passed" if last.passed else one_line(last.description) or "it did not pass"
    shown = list(last.numbers.items())[:_FIGURES]
    figures = ", ".join(f"{name}: {_figure(n)}" for name, n in shown)
    return f"{said} ({figures})" if figures else said


def _figure(n: float) -> str:
    return number(n) if n.is_integer() else f"{n:.4g}"


def _one_of(allowed: Iterable[str], given: str, what: str) -> str:
    if given not in allowed:
        raise ValueError(f"`{given}` is not {what}: use one of {', '.join(allowed)}")
    return given
