"""Which endpoints fail, how, and whose turn it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

from integration_monitor.manifest.calls import CallRules, ErrorRules
from integration_monitor.manifest.domain import Integration, Severity
from integration_monitor.signals.api import verdict
from integration_monitor.signals.call_facts import CallFacts, EndpointCalls
from integration_monitor.signals.call_hold import TOLD
from integration_monitor.signals.call_outcome import class_of
from integration_monitor.signals.call_rules import fails, over
from integration_monitor.signals.call_silence import without_calls
from integration_monitor.signals.call_wording import minute, percent
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Status, Verdict
from integration_monitor.signals.wording import count, number, some, span, table

SIGNAL = "errors"
_NAMED = 3
"""Endpoints that a reason speaks of; the table has all."""

Rule = Literal["share", "burst", "rise"]


@dataclass(frozen=True)
class _Finding:
    """What is wrong with one endpoint."""

    endpoint: str
    calls: EndpointCalls
    status: Status
    rule: Rule
    outcome: str
    """The class of most of its errors."""

    @property
    def share(self) -> float:
        return _share(self.calls)

    @property
    def told(self) -> float:
        """The share for which it is told."""
        if self.rule == "share":
            return self.share
        of = self.calls.outcomes.values()
        if self.rule == "burst":
            return self.calls.outcomes[self.outcome].burst / sum(n.burst for n in of)
        return sum(n.rise for n in self.calls.failures.values()) / sum(n.rise for n in of)


def judge(facts: CallFacts, integration: Integration, now: datetime) -> Verdict:
    """Shares per endpoint against `calls.errors`, bursts of one class, and sudden rises."""
    judged = without_calls(facts, integration, now) or _judge(facts, integration, now)
    return verdict(SIGNAL, integration, judged, now)


def _judge(facts: CallFacts, integration: Integration, now: datetime) -> Judged:
    rules = integration.calls
    found = [_of_endpoint(name, calls, rules) for name, calls in facts.endpoints.items()]
    findings = sorted(
        (finding for finding in found if finding is not None),
        key=lambda finding: (finding.status != "fail", -finding.share, finding.endpoint),
    )
    return Judged(
        status=findings[0].status if findings else "ok",
        severity=_severity(findings, facts, integration),
        reason=_reason(findings, facts, rules, now),
        evidence=_evidence(findings, facts),
        details=partial(_details, facts, now),
    )


# --- one endpoint ---------------------------------------------------------------------------------


def _of_endpoint(name: str, calls: EndpointCalls, rules: CallRules) -> _Finding | None:
    if not calls.failures:
        return None
    status, rule = _status(calls, rules)
    if status == "ok":
        return None
    counts = {
        outcome: counts.burst if rule == "burst" else counts.stretches.window
        for outcome, counts in calls.failures.items()
    }
    return _Finding(name, calls, status, rule, max(counts, key=lambda each: (counts[each], each)))


def _status(calls: EndpointCalls, rules: CallRules) -> tuple[Status, Rule]:
    enough = calls.calls.window >= rules.minimum
    if fails(calls, rules):
        return "fail", "share"
    burst = _burst(calls, rules.errors)
    if burst >= rules.errors.fail:
        return "fail", "burst"
    # Of few calls a share says little, but not that none of them works.
    limit = rules.errors.warn if enough else 1.0
    if over(calls.failed, calls.calls, limit):
        return "warn", "share"
    if burst >= rules.errors.warn:
        return "warn", "burst"
    return ("warn", "rise") if enough and _rises(calls, rules) else ("ok", "share")


def _burst(calls: EndpointCalls, rules: ErrorRules) -> float:
    """The share of a class that burst within `burst_within`; 0 where none did.

    The share counts too: ten errors of a million calls are what every partner has.
    """
    worst = max((counts.burst for counts in calls.failures.values()), default=0)
    return worst / sum(n.burst for n in calls.outcomes.values()) if worst >= rules.burst else 0.0


def _rises(calls: EndpointCalls, rules: CallRules) -> bool:
    """Whether the share is `rise` times that of the hour before.

    It takes as many errors as a burst (at four times the share before, so many come by chance once
    in thousands of times), and a share that is worth a word: `warn / rise`.
    """
    before = calls.before
    if before is None or before.calls < rules.minimum:
        return False
    of = sum(counts.rise for counts in calls.outcomes.values())
    failed = sum(counts.rise for counts in calls.failures.values())
    if failed < rules.errors.burst:
        return False
    share = failed / of
    floor = rules.errors.warn / rules.errors.rise
    return share >= max(rules.errors.rise * before.failed / before.calls, floor)


def _share(calls: EndpointCalls) -> float:
    return calls.failed.window / calls.calls.window if calls.calls.window else 0.0


# --- the integration ------------------------------------------------------------------------------


def _severity(
    findings: Sequence[_Finding], facts: CallFacts, integration: Integration
) -> Severity | None:
    """A page where we or the partner broke something critical, or everything that is called."""
    failing = [finding for finding in findings if finding.status == "fail"]
    critical = {name for name, endpoint in integration.endpoints.items() if endpoint.critical}
    everything = len(failing) == len(facts.endpoints)
    for finding in failing:
        urgent = everything or finding.endpoint in critical
        if urgent and class_of(finding.outcome).fault not in ("customer", "nobody"):
            return "page"
    if failing or any(finding.endpoint in critical for finding in findings):
        return "ticket"
    return "watch" if findings else None


def _reason(findings: Sequence[_Finding], facts: CallFacts, rules: CallRules, now: datetime) -> str:
    if not findings:
        return _well(facts, rules)
    worst = findings[0]
    known = class_of(worst.outcome)
    text = f"{_sentence(worst, rules, now)} — {known.means}; {known.next_move}"
    whose = facts.whose.get(worst.endpoint)
    text += f"; {whose}" if whose else ""
    others = [f"{f.endpoint} ({f.outcome} {percent(f.share)})" for f in findings[1:]]
    return f"{text}; also {some(others, _NAMED)}" if others else text


def _sentence(finding: _Finding, rules: CallRules, now: datetime) -> str:
    calls, counts = finding.calls, finding.calls.outcomes[finding.outcome]
    since = f" since {minute(calls.since, now)}" if calls.since else ""
    where = f"{finding.endpoint}: {finding.outcome} on"
    if finding.rule == "burst":
        of = sum(n.burst for n in calls.outcomes.values())
        within = span(rules.errors.burst_within)
        return f"{where} {number(counts.burst)} of {count(of, 'call')} in {within}{since}"
    of = calls.calls.window
    share = percent(counts.stretches.window / of)
    text = f"{where} {share} of {count(of, 'call')} in {span(rules.window)}{since}"
    others = finding.share - counts.stretches.window / of
    if others > 0:
        text += f", {percent(finding.share)} with other errors"
    if finding.rule == "rise" and calls.before is not None:
        text += f", up from {percent(calls.before.failed / calls.before.calls)} in the hour before"
    return text


def _well(facts: CallFacts, rules: CallRules) -> str:
    of = sum(calls.calls.window for calls in facts.endpoints.values())
    failed = sum(calls.failed.window for calls in facts.endpoints.values())
    said = f"{percent(failed / of)} of " if failed and of else "none of "
    return f"{said}{count(of, 'call')} failed in {span(rules.window)}"


def _evidence(findings: Sequence[_Finding], facts: CallFacts) -> dict[str, float]:
    of = sum(calls.calls.window for calls in facts.endpoints.values())
    failed = sum(calls.failed.window for calls in facts.endpoints.values())
    told = {finding.endpoint: finding.told for finding in findings}
    evidence = {
        "calls": float(of),
        "failed_calls": float(failed),
        "error_share": failed / of if of else 0.0,
        "endpoints_failing": float(len(findings)),
    }
    for name, calls in sorted(facts.endpoints.items()):
        evidence[f"{name}_error_share"] = _share(calls)
        evidence[f"{name}{TOLD}"] = told.get(name, 0.0)
    return evidence


def _details(facts: CallFacts, now: datetime) -> str:
    worst_first = sorted(facts.endpoints.items(), key=lambda item: (-_share(item[1]), item[0]))
    return table(
        ("endpoint", "calls", "failed", "share", "classes", "since"),
        [
            (
                name,
                number(calls.calls.window),
                number(calls.failed.window),
                percent(_share(calls)),
                _classes(calls),
                minute(calls.since, now) if calls.since else "",
            )
            for name, calls in worst_first
        ],
    )


def _classes(calls: EndpointCalls) -> str:
    counts = {name: n.stretches.window for name, n in calls.outcomes.items() if name != "ok"}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number(n)}" for name, n in ordered if n)
