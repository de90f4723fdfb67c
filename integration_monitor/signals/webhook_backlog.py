"""Does anything wait for too long to be processed? Where no worker runs, it shows here.

What a sink refused and is tried again is `delivery`'s concern, and only counted here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from integration_monitor.manifest.domain import Integration, Severity
from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.signals.call_wording import minute
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Part, Status, Verdict
from integration_monitor.signals.webhook_facts import WebhookFacts
from integration_monitor.signals.webhooks import verdict
from integration_monitor.signals.wording import count, number, some, span, table

SIGNAL: Final = "backlog"
AT_RISK = 0.5
"""The share of `webhooks.backlog` from which it warns."""
_SHOWN = 50


def judge(facts: WebhookFacts, integration: Integration, now: datetime) -> Verdict:
    """The oldest event that is not processed against `webhooks.backlog`."""
    return verdict(SIGNAL, integration, _judge(facts, facts.rules, now), now)


def _judge(facts: WebhookFacts, rules: Webhooks, now: datetime) -> Judged:
    ages = {
        tenant: now - waiting.oldest
        for tenant, waiting in facts.waiting.items()
        if waiting.oldest is not None
    }
    oldest = max(ages.values(), default=timedelta(0))
    status = _status(oldest, rules)
    late = sorted(
        (tenant for tenant, age in ages.items() if _status(age, rules) != "ok"),
        key=lambda tenant: (-ages[tenant], tenant),
    )
    return Judged(
        status,
        _reason(facts, late, oldest, now),
        _severity(status, facts, rules, now),
        evidence={
            "backlog": float(sum(each.events for each in facts.waiting.values())),
            "oldest_s": max(oldest.total_seconds(), 0.0),
            "processing_retried": float(sum(each.retried for each in facts.waiting.values())),
        },
        parts=[
            Part(
                tenant,
                _status(ages[tenant], rules),
                f"{count(facts.waiting[tenant].events, 'event')}, the oldest for"
                f" {span(ages[tenant])}",
            )
            for tenant in late
        ],
        details=_details(facts, now),
    )


def _status(age: timedelta, rules: Webhooks) -> Status:
    if age > rules.backlog:
        return "fail"
    return "warn" if age > AT_RISK * rules.backlog else "ok"


def _severity(
    status: Status, facts: WebhookFacts, rules: Webhooks, now: datetime
) -> Severity | None:
    if status == "fail":
        return "page" if _nothing_goes_on(facts, rules, now) else "ticket"
    return "watch" if status == "warn" else None


def _nothing_goes_on(facts: WebhookFacts, rules: Webhooks, now: datetime) -> bool:
    retried = any(waiting.retried for waiting in facts.waiting.values())
    at = facts.last_processed
    return not retried and (at is None or now - at > rules.backlog)


def _reason(facts: WebhookFacts, late: list[str], oldest: timedelta, now: datetime) -> str:
    events = sum(each.events for each in facts.waiting.values())
    retried = sum(each.retried for each in facts.waiting.values())
    if not events:
        return "nothing waits to be processed"
    said = f"{count(events, 'event waits', 'events wait')} to be processed"
    if oldest > timedelta(0):
        said += f", the oldest for {span(oldest)}"
    if retried:
        said += f", {number(retried)} of them tried again"
    if not late:
        return said
    whom = [tenant for tenant in late if tenant != "-"]
    said += f" ({some(whom)})" if whom else ""
    if retried:
        return said  # so a worker is at it
    if facts.last_processed is None:
        return f"{said}; nothing was processed at all: is a worker running?"
    if now - facts.last_processed > oldest / 2:
        since = minute(facts.last_processed, now)
        said += f"; nothing was processed since {since}: is a worker running?"
    errors = [f"{name}: {sink.error}" for name, sink in sorted(facts.sinks.items()) if sink.error]
    return "; ".join([said, *errors])


def _details(facts: WebhookFacts, now: datetime) -> str:
    rows = [
        (tenant, number(each.events), number(each.retried),
         span(now - each.oldest) if each.oldest else "")
        for tenant, each in sorted(facts.waiting.items())
    ]  # fmt: skip
    return table(("tenant", "waiting", "tried again", "oldest"), rows[:_SHOWN])
