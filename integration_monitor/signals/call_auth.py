"""Are our credentials still accepted, and for whom not?

One refused call means little: tokens run out and are refreshed. It is a pattern when nothing gets
through for a tenant any more, or when several tenants are refused at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from integration_monitor.manifest.domain import SINGLE, Integration, Severity
from integration_monitor.signals.api import verdict
from integration_monitor.signals.call_facts import CallFacts, TenantCalls
from integration_monitor.signals.call_outcome import AUTH, class_of
from integration_monitor.signals.call_rules import FEWEST
from integration_monitor.signals.call_silence import without_calls
from integration_monitor.signals.call_wording import minute
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.wording import count, number, some, span, table

SIGNAL = "auth"


@dataclass(frozen=True)
class _Refused:
    """A tenant with calls that were refused."""

    tenant: str
    refused: int
    of: int
    """Both in the last `lasting`, or in the window where nothing was called since."""
    outcome: str
    since: datetime | None

    @property
    def locked_out(self) -> bool:
        """Nothing gets through."""
        return self.refused >= FEWEST and self.refused == self.of

    @property
    def touched(self) -> bool:
        """More was refused than let through: half is what a refresh after a refusal looks like."""
        return 2 * self.refused > self.of


def judge(facts: CallFacts, integration: Integration, now: datetime) -> Verdict:
    """A tenant of which every call is refused, or several of which most are."""
    judged = without_calls(facts, integration, now) or _judge(facts, integration, now)
    return verdict(SIGNAL, integration, judged, now)


def _judge(facts: CallFacts, integration: Integration, now: datetime) -> Judged:
    found = [
        _refused(tenant, calls)
        for tenant, calls in sorted(facts.tenants.items())
        if not calls.outcomes.isdisjoint(AUTH)
    ]
    refused = [each for each in found if each.refused]
    pattern = _pattern(refused)
    return Judged(
        status="fail" if pattern else "ok",
        severity=_severity(pattern),
        reason=_reason(pattern, refused, facts, integration, now),
        evidence={
            "refused_calls": float(_refused_calls(facts)),
            "refused_tenants": float(len(refused)),
            "tenants_without_access": float(len(pattern)),
        },
        parts=[Part(each.tenant, "fail", _sentence(each, now)) for each in pattern],
        details=table(
            ("tenant", "refused", "calls", "class", "since"),
            [
                (each.tenant, number(each.refused), number(each.of), each.outcome,
                 minute(each.since, now) if each.since else "")
                for each in pattern
            ],
        ),
    )  # fmt: skip


def _refused(tenant: str, calls: TenantCalls) -> _Refused:
    by_class = Counter({name: calls.of({name}).window for name in AUTH})
    refused, of = calls.of(AUTH), calls.of()
    recent = of.lasting > 0
    return _Refused(
        tenant,
        refused.lasting if recent else refused.window,
        of.lasting if recent else of.window,
        outcome=by_class.most_common(1)[0][0],
        since=calls.since,
    )


def _pattern(refused: Sequence[_Refused]) -> list[_Refused]:
    """The tenants of a pattern; nobody where there is none."""
    touched = [each for each in refused if each.touched]
    if len(touched) >= FEWEST:
        return touched
    return [each for each in refused if each.locked_out]


def _severity(pattern: Sequence[_Refused]) -> Severity | None:
    """One customer's token waits for office hours; that of all of them, or of several, does not."""
    if not pattern:
        return None
    everybody = any(each.tenant == SINGLE or each.outcome == "our_config" for each in pattern)
    return "page" if everybody or len(pattern) > 1 else "ticket"


def _reason(
    pattern: Sequence[_Refused],
    refused: Sequence[_Refused],
    facts: CallFacts,
    integration: Integration,
    now: datetime,
) -> str:
    if not pattern:
        return _well(refused, facts, span(integration.calls.window))
    worst = Counter(each.outcome for each in pattern).most_common(1)[0][0]
    known = class_of(worst)
    advice = f" — {known.means}; {known.next_move}"
    if len(pattern) == 1:
        whom = "" if pattern[0].tenant == SINGLE else f"{pattern[0].tenant}: "
        return f"{whom}{_sentence(pattern[0], now)}{advice}"
    calls = f"{number(sum(e.refused for e in pattern))} of {number(sum(e.of for e in pattern))}"
    begun = [each.since for each in pattern if each.since]
    since = f" since {minute(min(begun), now)}" if begun else ""
    names = some([each.tenant for each in pattern])
    return f"{worst} for {count(len(pattern), 'tenant')} ({names}): {calls} calls{since}{advice}"


def _sentence(refused: _Refused, now: datetime) -> str:
    since = f" since {minute(refused.since, now)}" if refused.since else ""
    if refused.locked_out:
        return f"{refused.outcome} on all {count(refused.refused, 'call')}{since}"
    return f"{refused.outcome} on {number(refused.refused)} of {count(refused.of, 'call')}{since}"


def _well(refused: Sequence[_Refused], facts: CallFacts, window: str) -> str:
    calls = _refused_calls(facts)
    if not calls:
        return f"no call was refused in {window}"
    whom = [each.tenant for each in refused if each.tenant != SINGLE]
    named = f" ({some(whom)})" if whom else ""
    return f"{count(calls, 'refused call')}{named} in {window}, which is no pattern"


def _refused_calls(facts: CallFacts) -> int:
    return sum(
        ended.stretches.window
        for calls in facts.endpoints.values()
        for name, ended in calls.outcomes.items()
        if name in AUTH
    )
