"""What the verdicts of a subject say about an incident of each kind, now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integration_monitor.incidents.domain import RANK, Finding, Kind
from integration_monitor.manifest.domain import Severity
from integration_monitor.signals import schema_drift
from integration_monitor.signals.verdict import Verdict


@dataclass(frozen=True)
class Picture:
    """What is wrong."""

    severity: Severity
    reason: str
    tenants: tuple[str, ...]
    findings: tuple[Finding, ...]
    since: datetime
    bearable_for: timedelta = timedelta(0)
    """How long this is nothing to worry about, whatever the rules say."""


@dataclass(frozen=True)
class Condition:
    """`wrong` is set where something is wrong; `clear` where everything is known to be right.

    Neither is the case where it cannot be seen: then an incident stays as it is.
    """

    wrong: Picture | None
    clear: bool


def condition(kind: Kind, verdicts: Sequence[Verdict], now: datetime) -> Condition:
    """Judge the effective verdicts of one subject."""
    return _broken(verdicts, now) if kind == "broken" else _blind(verdicts, now)


def never_measured(period: timedelta, now: datetime) -> Condition:
    """Blindness of a sync without any verdict; means nothing before twice its cadence."""
    picture = Picture("ticket", "it was never measured", (), (), now, bearable_for=2 * period)
    return Condition(wrong=picture, clear=False)


def not_loaded(verdicts: Sequence[Verdict], now: datetime) -> Condition:
    """Blindness of an integration whose manifest could not be read when it was loaded.

    While the file is broken its own verdict says so; once it is repaired, only a reload watches it.
    """
    if any(v.status == "fail" for v in verdicts):
        return Condition(wrong=None, clear=False)
    reason = "its manifest was not valid when it was loaded: nothing is watched before a reload"
    return Condition(wrong=Picture("ticket", reason, (), (), now), clear=False)


def _broken(verdicts: Sequence[Verdict], now: datetime) -> Condition:
    failing = sorted((v for v in verdicts if v.status in ("fail", "warn")), key=_worst_first)
    if failing:
        return Condition(
            wrong=Picture(
                severity=_severity(failing[0]),
                reason=failing[0].reason,
                tenants=_union(v.tenants for v in failing),
                findings=tuple(_finding(v, v.reason) for v in failing),
                since=min(now, *(v.at for v in failing)),
            ),
            clear=False,
        )
    ok = all(v.status == "ok" and not v.blind for v in verdicts)
    return Condition(wrong=None, clear=bool(verdicts) and ok)


def _blind(verdicts: Sequence[Verdict], now: datetime) -> Condition:
    unseen = sorted((v for v in verdicts if _is_unseen(v)), key=_telling_first)
    if not unseen:
        return Condition(wrong=None, clear=bool(verdicts))
    return Condition(
        wrong=Picture(
            severity=max((_unseen_severity(v) for v in unseen), key=lambda each: RANK[each]),
            reason=_unseen_reason(unseen[0]),
            tenants=_union(_unseen_tenants(v) for v in unseen),
            findings=tuple(_finding(v, _unseen_reason(v)) for v in unseen),
            # Counted from when the monitor itself noticed: after a restart it first gets the
            # chance to measure again.
            since=now,
        ),
        clear=False,
    )


def _is_unseen(verdict: Verdict) -> bool:
    return verdict.status == "unknown" or bool(verdict.blind)


def _unseen_severity(verdict: Verdict) -> Severity:
    """That a failing verdict leaves tenants out is less than the failure."""
    return verdict.severity or "ticket" if verdict.status == "unknown" else "ticket"


def _unseen_tenants(verdict: Verdict) -> Iterable[str]:
    return (*verdict.blind, *(verdict.tenants if verdict.status == "unknown" else ()))


def _unseen_reason(verdict: Verdict) -> str:
    if verdict.status == "unknown" or not verdict.blind:
        return verdict.reason
    first = next(part for part in verdict.parts if part.status == "unknown")
    count = len(verdict.blind)
    return (
        f"{count} {'tenant' if count == 1 else 'tenants'} could not be measured"
        f" ({first.tenant}: {first.reason})"
    )


def _finding(verdict: Verdict, reason: str) -> Finding:
    return Finding(verdict.signal, verdict.status, reason, dict(verdict.evidence))


def _severity(verdict: Verdict) -> Severity:
    return verdict.severity or ("page" if verdict.status == "fail" else "ticket")


def _worst_first(verdict: Verdict) -> tuple[int, bool, int, str]:
    return -RANK[_severity(verdict)], verdict.status != "fail", *_telling_first(verdict)


def _telling_first(verdict: Verdict) -> tuple[int, str]:
    """The cause before its effects: a field that is gone, which records, how old they are."""
    if verdict.signal in schema_drift.SIGNALS:
        # Only a drift of what the sync uses fails; another one explains nothing.
        return (0 if verdict.status == "fail" else 2), verdict.signal
    return (3 if verdict.signal == "freshness" else 1), verdict.signal


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({tenant for group in groups for tenant in group}))
