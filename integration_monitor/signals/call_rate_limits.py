"""How near are we to the partner's limits, and how often were we turned away?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from integration_monitor.manifest.domain import SINGLE, Integration, Severity
from integration_monitor.signals.api import verdict
from integration_monitor.signals.call_facts import CallFacts, LimitFacts, Stretches
from integration_monitor.signals.call_rules import over
from integration_monitor.signals.call_silence import without_calls
from integration_monitor.signals.call_wording import percent
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Part, Status, Verdict
from integration_monitor.signals.wording import count, number, some, span, table

SIGNAL = "rate_limits"
TURNED_AWAY = "rate_limited"


def judge(facts: CallFacts, integration: Integration, now: datetime) -> Verdict:
    """The share of calls that were turned away, and what is left of each limit."""
    judged = without_calls(facts, integration, now) or _judge(facts, integration, now)
    return verdict(SIGNAL, integration, judged, now)


def _judge(facts: CallFacts, integration: Integration, now: datetime) -> Judged:
    status = _share_status(facts, integration)
    low = sorted((each for each in facts.limits if each.low), key=lambda each: each.headroom)
    return Judged(
        status=status if status != "ok" or not low else "warn",
        severity=_severity(status, low),
        reason=_reason(status, low, facts, integration, now),
        evidence=_evidence(facts, now),
        parts=_parts(low),
        details=partial(_details, facts, now),
    )


def _share_status(facts: CallFacts, integration: Integration) -> Status:
    rules = integration.calls
    turned_away, calls = _turned_away(facts), _calls(facts)
    if calls.window < rules.minimum:
        return "ok"
    if over(turned_away, calls, rules.rate_limits.fail):
        return "fail"
    return "warn" if over(turned_away, calls, rules.rate_limits.warn) else "ok"


def _severity(status: Status, low: Sequence[LimitFacts]) -> Severity | None:
    """To be turned away is ours to pace: nobody is woken. What is only near is worth knowing."""
    return "ticket" if status != "ok" else "watch" if low else None


def _reason(
    status: Status,
    low: Sequence[LimitFacts],
    facts: CallFacts,
    integration: Integration,
    now: datetime,
) -> str:
    calls = _calls(facts)
    turned = (
        f"{percent(_turned_away(facts).window / calls.window)} of {count(calls.window, 'call')}"
    )
    window = span(integration.calls.window)
    limits = [_sentence(each, now) for each in low]
    if status != "ok":
        text = f"{turned} were turned away in {window} — pace the calls, wait for the reset"
        return "; ".join([text, *limits[:1]])
    if limits:
        return f"{some(limits, 2)}; {turned} were turned away in {window}"
    if not facts.limits:
        return f"{turned} were turned away in {window}; no limit is known"
    nearest = min(facts.limits, key=lambda each: each.headroom)
    left = percent(nearest.headroom)
    return f"{turned} were turned away in {window}; at least {left} of every limit is left"


def _sentence(limit: LimitFacts, now: datetime) -> str:
    """`daily: 4 % left (40 of 1,000) for acme, reset in 2 h`."""
    whom = "" if limit.tenant == SINGLE else f" for {limit.tenant}"
    others = len(limit.low) - 1
    more = f" and {count(others, 'other tenant')}" if others > 0 else ""
    reset = f", reset in {span(limit.reset_at - now)}" if limit.reset_at else ""
    left = f"{number(max(limit.remaining, 0))} of {number(limit.limit)}"
    return f"{limit.policy}: {percent(limit.headroom)} left ({left}){whom}{more}{reset}"


def _parts(low: Sequence[LimitFacts]) -> list[Part]:
    policies: dict[str, list[str]] = {}
    for limit in low:
        for tenant in limit.low:
            policies.setdefault(tenant, []).append(limit.policy)
    return [
        Part(tenant, "warn", f"little is left of {some(sorted(of))}")
        for tenant, of in policies.items()
        if tenant != SINGLE
    ]


def _evidence(facts: CallFacts, now: datetime) -> dict[str, float]:
    turned_away, calls = _turned_away(facts).window, _calls(facts).window
    evidence = {
        "turned_away_calls": float(turned_away),
        "turned_away_share": turned_away / calls if calls else 0.0,
    }
    if facts.limits:
        evidence["least_headroom"] = min(each.headroom for each in facts.limits)
    for limit in facts.limits:
        evidence[f"{limit.policy}_headroom"] = limit.headroom
        if limit.reset_at is not None:
            evidence[f"{limit.policy}_reset_s"] = (limit.reset_at - now).total_seconds()
    return evidence


def _details(facts: CallFacts, now: datetime) -> str:
    limits = table(
        ("limit", "left", "of", "headroom", "tightest for", "reset in"),
        [
            (
                each.policy,
                number(max(each.remaining, 0)),
                number(each.limit),
                percent(each.headroom),
                each.tenant,
                span(each.reset_at - now) if each.reset_at else "",
            )
            for each in facts.limits
        ],
    )
    endpoints = table(
        ("endpoint", "calls", "turned away"),
        [
            (name, number(calls.calls.window), number(calls.outcomes[TURNED_AWAY].stretches.window))
            for name, calls in sorted(facts.endpoints.items())
            if TURNED_AWAY in calls.outcomes
        ],
    )
    return "\n\n".join(each for each in (limits, endpoints) if each)


def _turned_away(facts: CallFacts) -> Stretches:
    return Stretches.sum(
        calls.outcomes[TURNED_AWAY].stretches
        for calls in facts.endpoints.values()
        if TURNED_AWAY in calls.outcomes
    )


def _calls(facts: CallFacts) -> Stretches:
    return Stretches.sum(calls.calls for calls in facts.endpoints.values())
