"""How slow are the calls, beside what the manifest allows?

Judged by counting: p99 is over its budget where more than one percent of the calls took longer.
Counts of several minutes can be added, percentiles cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from integration_monitor.manifest.domain import Endpoint, Integration, Severity
from integration_monitor.signals.api import verdict
from integration_monitor.signals.call_facts import CallFacts, EndpointLatency
from integration_monitor.signals.call_rules import budgets, over
from integration_monitor.signals.call_silence import without_calls
from integration_monitor.signals.call_wording import milliseconds, percent
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Status, Verdict
from integration_monitor.signals.wording import count, number, some, span, table

SIGNAL = "latency"
_NAMED = 3


@dataclass(frozen=True)
class _Finding:
    """A budget that is used up, or nearly."""

    endpoint: str
    quantile: str
    ms: float
    budget: timedelta
    status: Status
    critical: bool
    calls: int

    @property
    def used(self) -> float:
        """The share of the budget that is used."""
        return self.ms / _ms(self.budget)


def judge(facts: CallFacts, integration: Integration, now: datetime) -> Verdict:
    """Percentiles per endpoint against its budgets; what has none is shown, never failed."""
    judged = without_calls(facts, integration, now) or _judge(facts, integration)
    return verdict(SIGNAL, integration, judged, now)


def _judge(facts: CallFacts, integration: Integration) -> Judged:
    findings = sorted(
        _findings(facts, integration),
        key=lambda each: (each.status != "fail", -each.used, each.endpoint, each.quantile),
    )
    return Judged(
        status=findings[0].status if findings else "ok",
        severity=_severity(findings),
        reason=_reason(findings, facts, integration),
        evidence=_evidence(findings, facts),
        details=partial(_details, facts, integration, findings),
    )


def _findings(facts: CallFacts, integration: Integration) -> Iterable[_Finding]:
    for name, latency in facts.latencies.items():
        endpoint = integration.endpoints.get(name)
        if endpoint is None or latency.calls.window < integration.calls.minimum:
            continue
        for quantile, (share, budget) in budgets(endpoint.latency).items():
            status = _status(latency, quantile, share)
            if status != "ok":
                ms = latency.quantiles[quantile]
                yield _Finding(
                    name, quantile, ms, budget, status, endpoint.critical, latency.calls.window
                )


def _status(latency: EndpointLatency, quantile: str, share: float) -> Status:
    # More than so many are slower exactly where the nearest-rank quantile is.
    slow, risky = latency.over.get(quantile), latency.at_risk.get(quantile)
    if slow is not None and over(slow, latency.calls, 1 - share, strictly=True):
        return "fail"
    if risky is not None and over(risky, latency.calls, 1 - share, strictly=True):
        return "warn"
    return "ok"


def _severity(findings: Iterable[_Finding]) -> Severity | None:
    """What is slow still works: only a critical endpoint is worth waking somebody for."""
    known = list(findings)
    if any(each.status == "fail" and each.critical for each in known):
        return "page"
    if any(each.status == "fail" or each.critical for each in known):
        return "ticket"
    return "watch" if known else None


def _reason(findings: list[_Finding], facts: CallFacts, integration: Integration) -> str:
    window = span(integration.calls.window)
    if not findings:
        return _well(facts, integration, window)
    text = f"{_sentence(findings[0])}, on {count(findings[0].calls, 'call')} in {window}"
    others = [_sentence(each) for each in findings[1:]]
    return f"{text}; also {some(others, _NAMED)}" if others else text


def _sentence(found: _Finding) -> str:
    figures = f"{found.quantile} {milliseconds(found.ms)}"
    budget = milliseconds(_ms(found.budget))
    if found.status == "fail":
        return f"{found.endpoint}: {figures} is over its budget of {budget}"
    return f"{found.endpoint}: {figures} is at {percent(found.used)} of its budget of {budget}"


def _well(facts: CallFacts, integration: Integration, window: str) -> str:
    slowest = max(
        ((latency.quantiles["p95"], name) for name, latency in facts.latencies.items()),
        default=None,
    )
    if slowest is None:
        return f"no call had an answer whose time could be taken in {window}"
    text = f"the slowest endpoint is {slowest[1]} with p95 {milliseconds(slowest[0])} in {window}"
    if not any(budgets(endpoint.latency) for endpoint in integration.endpoints.values()):
        return f"no budgets are declared; {text}"
    return f"all budgets are kept; {text}"


def _evidence(findings: list[_Finding], facts: CallFacts) -> dict[str, float]:
    failing = [each for each in findings if each.status == "fail"]
    evidence = {
        "timed_calls": float(sum(each.calls.window for each in facts.latencies.values())),
        "budgets_exceeded": float(len(failing)),
        "budgets_at_risk": float(len(findings) - len(failing)),
    }
    for name, latency in sorted(facts.latencies.items()):
        for quantile, ms in sorted(latency.quantiles.items()):
            evidence[f"{name}_{quantile}_ms"] = round(ms, 3)
    return evidence


def _details(facts: CallFacts, integration: Integration, findings: list[_Finding]) -> str:
    said = {(each.endpoint, each.quantile): each.status for each in findings}
    names = ("p50", "p95", "p99")
    return table(
        ("endpoint", "calls", *names, "budget"),
        [
            (
                name,
                number(latency.calls.window),
                *(_shown(latency.quantiles[q], said.get((name, q))) for q in names),
                _budget(integration.endpoints.get(name)),
            )
            for name, latency in sorted(facts.latencies.items())
        ],
    )


def _shown(ms: float, status: Status | None) -> str:
    marks: Mapping[Status | None, str] = {"fail": " (over)", "warn": " (at risk)"}
    return milliseconds(ms) + marks.get(status, "")


def _budget(endpoint: Endpoint | None) -> str:
    given = budgets(endpoint.latency) if endpoint else {}
    return ", ".join(f"{name} {milliseconds(_ms(limit))}" for name, (_, limit) in given.items())


def _ms(duration: timedelta) -> float:
    return duration / timedelta(milliseconds=1)
