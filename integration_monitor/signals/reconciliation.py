"""Did every record that changed at the source arrive at the destination?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import SINGLE, Severity, Sync, Tolerance
from integration_monitor.signals.facts import (
    KINDS,
    ConnectionFacts,
    SyncFacts,
)
from integration_monitor.signals.gap_tables import details
from integration_monitor.signals.refusal import because, reasons_by_key
from integration_monitor.signals.verdict import Part, Status, Verdict
from integration_monitor.signals.wording import clock, count, number, some, span

SIGNAL = "reconciliation"
BEHIND_UNKNOWN = timedelta(hours=1)
"""Farther behind than this (or the lag's `fail`, where longer) the answer is `unknown`."""
_TOO_MUCH = "there is more than the `requests` of one run can read"
_STUCK = "; this one came no farther: raise `requests`, or shorten `overlap`"

_WORST: tuple[Status, ...] = ("fail", "unknown", "warn", "ok")


@dataclass(frozen=True)
class _Finding:
    status: Status
    reason: str
    tenant: str | None = None


def judge(
    integration: str, sync: Sync, facts: SyncFacts, *, at: datetime, valid_until: datetime
) -> Verdict:
    """Known gaps fail; else what could not be read is unknown; else lesser findings warn; else ok.

    Gaps within the tolerance warn. The tolerance holds for the sync and for each tenant.
    """
    findings = _findings(sync, facts, at)
    parts = _parts(findings)
    status: Status = min((f.status for f in findings), key=_WORST.index, default="ok")
    gaps = sum(sum(tenant.gaps.values()) for tenant in facts.tenants())
    reasons = [f.reason for f in sorted(findings, key=lambda f: _WORST.index(f.status))]
    overview = _overview(facts)
    return Verdict(
        integration=integration,
        subject=sync.name,
        signal=SIGNAL,
        status=status,
        severity=severity_of(status),
        reason=overview + "; ".join(_shortened(reasons)) if reasons else _all_well(facts),
        at=at,
        valid_until=valid_until,
        evidence=_evidence(facts, gaps),
        tenants=tuple(sorted({part.tenant for part in parts if part.tenant != SINGLE})),
        parts=parts,
        details=details(facts),
    )


def severity_of(status: Status, of_failure: Severity = "page") -> Severity | None:
    """A failure pages, unless the manifest says otherwise; a warning and `unknown` are a ticket."""
    if status == "ok":
        return None
    return of_failure if status == "fail" else "ticket"


def allowance(tolerance: Tolerance, expected: int) -> float:
    """Records that may be missing among `expected` ones."""
    return max(tolerance.missing, tolerance.ratio * expected)


def _findings(sync: Sync, facts: SyncFacts, at: datetime) -> list[_Finding]:
    findings = [*_gap_findings(sync, facts)]
    if facts.error is not None:
        return [*findings, _Finding("unknown", f"the connections cannot be listed: {facts.error}")]
    if not facts.connections:
        return [_Finding("unknown", "no connection is listed, so nothing was measured")]
    for connection in facts.connections:
        findings += _reading_findings(sync, connection)
        findings += _record_findings(connection)
        findings += _pending_findings(sync, connection, at)
    return findings


def _gap_findings(sync: Sync, facts: SyncFacts) -> list[_Finding]:
    tenants = facts.tenants()
    lost = sum(tenant.lost for tenant in tenants)
    too_many = lost > allowance(sync.tolerance, sum(tenant.expected for tenant in tenants))
    findings = []
    for tenant in tenants:
        if not sum(tenant.gaps.values()):
            continue
        over = tenant.lost > allowance(sync.tolerance, tenant.expected)
        misplaced = tenant.gaps.get("misplaced", 0) > 0
        fails = misplaced or (tenant.lost > 0 and (over or too_many))
        examples = reasons_by_key(facts, tenant.tenant)
        kinds = " and ".join(
            f"{number(n)} {kind}" for kind in KINDS if (n := tenant.gaps.get(kind))
        )
        named = f" ({some(list(examples))})" if examples else ""
        why = because(examples, sum(tenant.gaps.values()))
        who = "" if tenant.tenant == SINGLE else f"{tenant.tenant}: "
        findings.append(
            _Finding("fail" if fails else "warn", f"{who}{kinds}{named}{why}", tenant.tenant)
        )
    return findings


def _reading_findings(sync: Sync, facts: ConnectionFacts) -> list[_Finding]:
    who = _who(facts)
    if facts.error is not None:
        return [_Finding("unknown", f"{who}{facts.error}", facts.connection)]
    if not facts.behind:
        return []
    too_much = _TOO_MUCH + (_STUCK if facts.stuck else "")
    if facts.covered_to is None or facts.source_now is None:
        reason = f"{who}nothing was covered yet: {too_much}"
        return [_Finding("unknown", reason, facts.connection)]
    behind = facts.source_now - facts.covered_to
    limit = max(BEHIND_UNKNOWN, sync.lag.fail if sync.lag else BEHIND_UNKNOWN)
    reason = f"{who}covered to {clock(facts.covered_to)}, {span(behind)} behind: {too_much}"
    return [_Finding("unknown" if behind > limit else "warn", reason, facts.connection)]


def _record_findings(facts: ConnectionFacts) -> list[_Finding]:
    who = _who(facts)
    reasons = []
    if facts.malformed:
        n, whys = sum(facts.malformed.values()), some(sorted(facts.malformed))
        reasons.append(f"{count(n, 'record')} cannot be reconciled: {whys}")
    if facts.unwatched:
        reasons.append(
            f"{count(facts.unwatched, 'row')} without key or updated_at cannot be watched"
        )
    if facts.no_tenant:
        reasons.append(f"{count(facts.no_tenant, 'row')} without a tenant belong to no connection")
    if facts.duplicates:
        reasons.append(f"{count(facts.duplicates, 'key')} more than once at the destination")
    if _unexplained_twice(facts):
        n = facts.unexplained or 0
        side = "source" if n > 0 else "destination"
        reasons.append(
            f"the {side} holds {count(abs(n), 'record')} more than the other side,"
            " which known gaps do not explain"
        )
    return [_Finding("warn", who + reason, facts.connection) for reason in reasons]


def _pending_findings(sync: Sync, facts: ConnectionFacts, at: datetime) -> list[_Finding]:
    if sync.lag is None:
        return []
    findings = []
    for tenant in facts.tenants:
        if not tenant.pending or tenant.oldest is None:
            continue
        age = (facts.source_now or at) - tenant.oldest
        if age > sync.lag.warn:
            who = "" if tenant.tenant == SINGLE else f"{tenant.tenant}: "
            waiting = (
                f"{who}{count(tenant.pending, 'record')} on the way, the oldest for {span(age)}"
            )
            findings.append(_Finding("warn", waiting, tenant.tenant))
    return findings


def _unexplained_twice(facts: ConnectionFacts) -> bool:
    now, before = facts.unexplained, facts.unexplained_before
    return bool(now and before and (now > 0) == (before > 0))


def _parts(findings: Sequence[_Finding]) -> tuple[Part, ...]:
    by_tenant: dict[str, list[_Finding]] = {}
    for finding in findings:
        by_tenant.setdefault(finding.tenant or SINGLE, []).append(finding)
    parts = []
    for tenant, found in sorted(by_tenant.items()):
        # An unreadable tenant stays visible as such, also where it has known gaps.
        for status in ("fail", "unknown", "warn"):
            reasons = [f.reason for f in found if f.status == status]
            if reasons:
                parts.append(Part(tenant, status, "; ".join(reasons)))
    return tuple(parts)


def _overview(facts: SyncFacts) -> str:
    """`15 records of 3 tenants: ` where several have gaps or trouble; one speaks for itself."""
    gaps = [n for tenant in facts.tenants() if (n := sum(tenant.gaps.values()))]
    unread = sum(1 for connection in facts.connections if connection.error is not None)
    said = []
    if len(gaps) > 1:
        said.append(f"{count(sum(gaps), 'record')} of {count(len(gaps), 'tenant')}")
    if unread > 1:
        said.append(f"{number(unread)} of {number(len(facts.connections))} connections unread")
    return f"{', '.join(said)}: " if said else ""


def _shortened(reasons: Sequence[str], most: int = 5) -> list[str]:
    more = len(reasons) - most
    return [*reasons[:most], f"and {number(more)} more findings"] if more > 0 else list(reasons)


def _all_well(facts: SyncFacts) -> str:
    read = sum(connection.read for connection in facts.connections)
    covered = [c.covered_to for c in facts.connections if c.covered_to is not None]
    pending = sum(tenant.pending for tenant in facts.tenants())
    text = f"nothing is missing: {count(read, 'record')} read"
    if pending:
        text += f", {number(pending)} on the way"
    if len(facts.connections) > 1:
        text += f", {number(len(facts.connections))} connections"
    if covered:
        text += f", covered to {clock(min(covered))}"
    if any(connection.presence_only for connection in facts.connections):
        text += "; one side keeps no version, so only presence was compared"
    notes = sorted({note for connection in facts.connections for note in connection.notes})
    return "; ".join([text, *notes])


def _evidence(facts: SyncFacts, gaps: int) -> dict[str, float]:
    tenants = facts.tenants()
    evidence: dict[str, float] = {
        "gaps": gaps,
        "pending": sum(tenant.pending for tenant in tenants),
        "tenants_affected": sum(1 for tenant in tenants if sum(tenant.gaps.values())),
        "connections_unread": sum(1 for c in facts.connections if c.error is not None),
        "expected_24h": sum(tenant.expected for tenant in tenants),
        "read": sum(c.read for c in facts.connections),
        "requests": sum(c.requests for c in facts.connections),
    }
    for kind in KINDS:
        evidence[kind] = sum(tenant.gaps.get(kind, 0) for tenant in tenants)
    behind = [
        (c.source_now - c.covered_to).total_seconds()
        for c in facts.connections
        if c.source_now is not None and c.covered_to is not None
    ]
    if behind:
        evidence["behind_s"] = max(0.0, *behind)
    return evidence


def _who(facts: ConnectionFacts) -> str:
    return "" if facts.connection == SINGLE else f"{facts.connection}: "
