"""Which tenants are broken, while all calls together may look healthy?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from integration_monitor.manifest.domain import SINGLE, Integration, Severity
from integration_monitor.signals.api import verdict
from integration_monitor.signals.call_facts import CallFacts, Stretches, TenantCalls
from integration_monitor.signals.call_outcome import class_of, is_failure
from integration_monitor.signals.call_rules import FEWEST, over
from integration_monitor.signals.call_silence import without_calls
from integration_monitor.signals.call_wording import minute, percent
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.wording import count, number, some, span, table

SIGNAL = "tenants"
_SHOWN = 100
"""Tenants in the table; all are parts of the verdict."""


@dataclass(frozen=True)
class _Broken:
    """A tenant most of whose calls fail, at all endpoints together or at some."""

    tenant: str
    calls: Stretches
    failed: Stretches
    endpoints: tuple[str, ...]
    """Where, sorted."""
    outcome: str
    since: datetime | None

    @property
    def share(self) -> float:
        return self.failed.window / self.calls.window


def judge(facts: CallFacts, integration: Integration, now: datetime) -> Verdict:
    """Each tenant's share of failed calls against `calls.tenants`."""
    judged = without_calls(facts, integration, now) or _judge(facts, integration, now)
    return verdict(SIGNAL, integration, judged, now)


def _judge(facts: CallFacts, integration: Integration, now: datetime) -> Judged:
    found = sorted(_all_broken(facts, integration), key=lambda each: (-each.share, each.tenant))
    return Judged(
        status="fail" if found else "ok",
        severity=_severity(found, integration),
        reason=_reason(found, facts, integration, now),
        evidence=_evidence(found, facts),
        parts=[Part(each.tenant, "fail", _sentence(each, now)) for each in found],
        details=table(
            ("tenant", "calls", "failed", "share", "endpoints", "mostly", "since"),
            [_row(each, now) for each in found[:_SHOWN]],
        ),
    )


def _all_broken(facts: CallFacts, integration: Integration) -> Iterable[_Broken]:
    rules = integration.calls.tenants
    for tenant, calls in facts.tenants.items():
        if tenant == SINGLE:
            continue  # calls that name no tenant are judged as a whole
        places = [
            endpoint
            for endpoint in sorted(calls.endpoints)
            if _is_broken(calls, endpoint, rules.fail, rules.minimum)
        ]
        everywhere = _is_broken(calls, None, rules.fail, rules.minimum)
        if everywhere or places:
            yield _broken(tenant, calls, places or _failing(calls), everywhere=everywhere)


def _is_broken(calls: TenantCalls, endpoint: str | None, limit: float, minimum: int) -> bool:
    failed = calls.failed(endpoint)
    if failed.window < FEWEST:
        return False
    of = calls.of(endpoint=endpoint)
    return of.window >= minimum and over(failed, of, limit)


def _failing(calls: TenantCalls) -> list[str]:
    return sorted(each for each in calls.endpoints if calls.failed(each).window)


def _broken(tenant: str, calls: TenantCalls, where: list[str], *, everywhere: bool) -> _Broken:
    counted = list(calls.endpoints) if everywhere else where
    failures: Counter[str] = Counter()
    for endpoint in where:
        for outcome, ended in calls.endpoints[endpoint].items():
            if is_failure(outcome):
                failures[outcome] += ended.window
    return _Broken(
        tenant,
        Stretches.sum(calls.of(endpoint=each) for each in counted),
        Stretches.sum(calls.failed(each) for each in counted),
        tuple(where),
        max(failures, key=lambda each: (failures[each], each)),
        calls.since,
    )


def _severity(found: Sequence[_Broken], integration: Integration) -> Severity | None:
    """A page where something critical fails that is not up to the customers."""
    critical = {name for name, endpoint in integration.endpoints.items() if endpoint.critical}
    for each in found:
        if critical.intersection(each.endpoints) and class_of(each.outcome).fault != "customer":
            return "page"
    return "ticket" if found else None


def _reason(
    found: Sequence[_Broken], facts: CallFacts, integration: Integration, now: datetime
) -> str:
    if not found:
        return _well(facts, span(integration.calls.window))
    whom = some([each.tenant for each in found])
    worst = found[0]
    if len(found) == 1:
        text = f"{worst.tenant}: {_sentence(worst, now)}"
    else:
        begun = [each.since for each in found if each.since]
        since = f" since {minute(min(begun), now)}" if begun else ""
        where = some(sorted({name for each in found for name in each.endpoints}), 3)
        mostly = Counter(each.outcome for each in found).most_common(1)[0][0]
        text = f"{count(len(found), 'tenant')} ({whom}) fail{since}: mostly {mostly} on {where}"
    return f"{text}; {_others(found, facts)}{_whose(found, facts)}"


def _sentence(broken: _Broken, now: datetime) -> str:
    since = f" since {minute(broken.since, now)}" if broken.since else ""
    where = some(broken.endpoints, 3)
    of = count(broken.calls.window, "call")
    return f"{percent(broken.share)} of {of} fail{since}, mostly {broken.outcome} on {where}"


def _others(found: Sequence[_Broken], facts: CallFacts) -> str:
    """How the calls do that are none of the broken tenants'."""
    calls, failed = _totals(facts)
    broken = [facts.tenants[each.tenant] for each in found]
    calls -= sum(each.of().window for each in broken)
    failed -= sum(each.failed().window for each in broken)
    if calls <= 0:
        return "nobody else called"
    return f"of the other {count(calls, 'call')} {percent(max(failed, 0) / calls)} fail"


def _whose(found: Sequence[_Broken], facts: CallFacts) -> str:
    """What comparing endpoints says, where whole endpoints fail."""
    places = {name for each in found for name in each.endpoints}
    said = dict.fromkeys(facts.whose[name] for name in sorted(places) if name in facts.whose)
    return f"; {'; '.join(said)}" if said else ""


def _well(facts: CallFacts, window: str) -> str:
    failing = _with_failures(facts)
    if not failing:
        return f"no tenant has failing calls to speak of in {window}"
    return f"{count(failing, 'tenant')} with failed calls in {window}, none of them broken"


def _with_failures(facts: CallFacts) -> int:
    tenants = facts.tenants.items()
    return sum(tenant != SINGLE and calls.failed().window > 0 for tenant, calls in tenants)


def _evidence(found: Sequence[_Broken], facts: CallFacts) -> dict[str, float]:
    calls, failed = _totals(facts)
    return {
        "tenants_broken": float(len(found)),
        "tenants_with_failures": float(_with_failures(facts)),
        "success_rate": 1 - failed / calls if calls else 1.0,
    }


def _totals(facts: CallFacts) -> tuple[int, int]:
    return (
        sum(calls.calls.window for calls in facts.endpoints.values()),
        sum(calls.failed.window for calls in facts.endpoints.values()),
    )


def _row(broken: _Broken, now: datetime) -> tuple[str, ...]:
    return (
        broken.tenant,
        number(broken.calls.window),
        number(broken.failed.window),
        percent(broken.share),
        ", ".join(broken.endpoints),
        broken.outcome,
        minute(broken.since, now) if broken.since else "",
    )
