"""How late do events arrive, and how long do they wait for us?

p95 above a limit means that more than 5 % of events are later: so that it can be said of the whole
window and of its last minutes alike, the late ones are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from integration_monitor.manifest.domain import Integration
from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.signals.call_rules import over
from integration_monitor.signals.call_wording import milliseconds
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.webhook_facts import NOT_HEARD, Lag, Lags, WebhookFacts
from integration_monitor.signals.webhooks import verdict
from integration_monitor.signals.wording import count, number, some, span, table

SIGNAL: Final = "ingestion_lag"
TOLD = "_told_share"
"""Evidence, after `arrival` or `processing`: the share of late events for which it fails, or 0."""
LATE_SHARE = 0.05
"""What p95 leaves out."""
_EVENLY = 0.9
"""Where the fastest event took so much of p95, all are late by the same: as a wrong clock does."""


@dataclass(frozen=True)
class _Late:
    """One of the two lags that is too long."""

    what: str
    lags: Lags
    whole: Lag

    @property
    def tenants(self) -> list[str]:
        """Those who have late events, often enough to say so."""
        return sorted(name for name, lag in self.lags.tenants.items() if _is_late(lag))


def judge(facts: WebhookFacts, integration: Integration, now: datetime) -> Verdict:
    """p95 of received - occurred, and of processed - received, against `webhooks.lag.p95`."""
    return verdict(SIGNAL, integration, _judge(facts, facts.rules), now)


def _judge(facts: WebhookFacts, rules: Webhooks) -> Judged:
    late = list(_late(facts))
    unseen = _unseen(facts, rules)
    evidence = {
        "events": float(facts.events),
        **_numbers("arrival", facts.arrival.whole),
        **_numbers("processing", facts.processing.whole),
    }
    tenants = sorted({name for each in late for name in each.tenants})
    said = "; ".join(filter(None, (*(_sentence(each, rules) for each in late), unseen)))
    if late:
        parts = [Part(name, "fail", _of_tenant(name, late)) for name in tenants]
        named = f" ({some(tenants)})" if tenants and tenants != ["-"] else ""
        return Judged("fail", f"{said}{named}", "ticket", evidence, parts, _details(facts))
    if unseen and rules.occurred_at is not None:
        return Judged("unknown", unseen, "ticket", evidence)
    if not facts.is_heard and not facts.events:
        return NOT_HEARD
    return Judged("ok", _well(facts, rules), evidence=evidence, details=_details(facts))


def _late(facts: WebhookFacts) -> Iterator[_Late]:
    whats = {"arrived": facts.arrival, "were processed": facts.processing}
    for what, lags in whats.items():
        if lags.whole is not None and _is_late(lags.whole):
            yield _Late(what, lags, lags.whole)


def _is_late(lag: Lag) -> bool:
    return over(lag.late, lag.events, LATE_SHARE, strictly=True)


def _unseen(facts: WebhookFacts, rules: Webhooks) -> str:
    """Why it is not known how late events arrive; empty where it is, or nothing came."""
    if rules.occurred_at is None:
        return "when events occurred is not known: `webhooks.occurred_at` is not declared"
    known = facts.arrival.whole.events.window if facts.arrival.whole else 0
    if facts.events and not known:
        return f"none of {count(facts.events, 'event')} tells when it occurred"
    if 2 * facts.ahead > known:
        by = milliseconds(facts.ahead_by * 1000)
        return f"the partner's clock is {by} ahead of ours: how late events arrive cannot be told"
    return ""


def _sentence(late: _Late, rules: Webhooks) -> str:
    whole, within = late.whole, span(rules.lag.window)
    text = (
        f"{number(whole.late.window)} of {count(whole.events.window, 'event')} in {within}"
        f" {late.what} more than {span(rules.lag.p95)} late (p95 {_seconds(whole.p95)})"
    )
    if late.what == "arrived" and whole.least > _EVENLY * whole.p95:
        text += ", all by about the same: is the partner's clock behind?"
    return text


def _of_tenant(tenant: str, late: Sequence[_Late]) -> str:
    found = [(each.what, each.lags.tenants[tenant]) for each in late if tenant in each.tenants]
    return "; ".join(
        f"{number(lag.late.window)} of {count(lag.events.window, 'event')} {what} late,"
        f" p95 {_seconds(lag.p95)}"
        for what, lag in found
    )


def _well(facts: WebhookFacts, rules: Webhooks) -> str:
    within = span(rules.lag.window)
    if not facts.events:
        return f"no event came in {within}"
    whats = {"arrived": facts.arrival.whole, "were processed": facts.processing.whole}
    said = [f"{what} within {_seconds(lag.p95)}" for what, lag in whats.items() if lag]
    told = f"95 % of {count(facts.events, 'event')} in {within} {' and '.join(said)}"
    unseen = _unseen(facts, rules)
    return "; ".join(filter(None, (told, unseen)))


def _numbers(name: str, lag: Lag | None) -> dict[str, float]:
    if lag is None:
        return {}
    return {
        f"{name}_p50_s": lag.p50,
        f"{name}_p95_s": lag.p95,
        f"{name}_late_events": float(lag.late.window),
        f"{name}{TOLD}": lag.late.window / lag.events.window if _is_late(lag) else 0.0,
    }


def _details(facts: WebhookFacts) -> str:
    rows = [
        (tenant, what, number(lag.events.window), number(lag.late.window), _seconds(lag.p50),
         _seconds(lag.p95))
        for what, lags in (("arrival", facts.arrival), ("processing", facts.processing))
        for tenant, lag in [
            *([("all", lags.whole)] if lags.whole else []), *sorted(lags.tenants.items()),
        ][:50]
    ]  # fmt: skip
    return table(("tenant", "lag", "events", "late", "p50", "p95"), rows)


def _seconds(seconds: float) -> str:
    return milliseconds(seconds * 1000)
