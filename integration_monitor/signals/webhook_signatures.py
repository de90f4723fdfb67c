"""Is what claims to be the partner's really the partner's, and why is it not?

A secret that was rotated on one side alone rejects everything, as a mismatch; anybody on the
Internet who tries the address rejects a little, mostly without any signature. The first sight of a
reason is told on its own: it is how a change of the partner's signatures begins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from integration_monitor.manifest.domain import Integration, Severity
from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.call_rules import over
from integration_monitor.signals.call_wording import minute, percent
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.webhook_facts import (
    NOT_HEARD,
    REQUEST_WINDOW,
    Rejected,
    Requests,
    WebhookFacts,
)
from integration_monitor.signals.webhooks import verdict
from integration_monitor.signals.wording import count, number, some, span, table

SIGNAL: Final = "signatures"
NOT_SIGNED = frozenset(("missing_header", "no_signature", "crowded"))
"""Reasons that say nothing of a secret: nobody tried to sign, or nobody looked whether it fits."""
_NAMED = 3
_SHOWN = 50


def judge(facts: WebhookFacts, integration: Integration, now: datetime) -> Verdict:
    """The share of rejected requests against `webhooks.rejected`, at all and by connection."""
    return verdict(SIGNAL, integration, _judge(facts, facts.rules, now), now)


def _judge(facts: WebhookFacts, rules: Webhooks, now: datetime) -> Judged:
    whole = _together(facts.connections.values())
    new = sorted(facts.first_seen)
    evidence = {
        "rejected_requests": float(_rejected(whole).window),
        "accepted_requests": float(whole.accepted.window),
        "rejected_share": _share(whole),
        **{f"rejected_{name}": float(n.requests.window) for name, n in whole.rejected.items()},
    }
    failing = {
        name: requests
        for name, requests in sorted(facts.connections.items())
        if requests.is_known and _fails(requests, rules)
    }
    parts = [Part(name, "fail", _sentence(each)) for name, each in failing.items()]
    details = _details(facts, now)
    if _fails(whole, rules):
        said = f"{_sentence(whole)}: {_mostly(whole)}"
        return Judged("fail", said, _severity(facts, rules), evidence, parts, details)
    if failing:
        said = "; ".join(f"{name}: {_sentence(failing[name])}" for name in list(failing)[:_NAMED])
        more = len(failing) - _NAMED
        said += f" and {count(more, 'more connection')}" if more > 0 else ""
        return Judged("fail", said, "ticket", evidence, parts, details)
    if new:
        since = minute(min(facts.first_seen.values()), now)
        said = f"rejected as {some(new)} for the first time, since {since}; {_sentence(whole)}"
        return Judged("warn", said, "watch", evidence, details=details)
    if not facts.is_heard and not _all(whole).window:
        return NOT_HEARD
    return Judged("ok", _sentence(whole), evidence=evidence, details=details)


def _fails(requests: Requests, rules: Webhooks) -> bool:
    return over(_rejected(requests), _all(requests), rules.rejected, strictly=True)


def _severity(facts: WebhookFacts, rules: Webhooks) -> Severity:
    """A page where nothing comes through any more; strangers alone wake nobody."""
    known = _together(_signed(each) for each in facts.connections.values() if each.is_known)
    return "page" if _fails(known, rules) and _nothing_is_accepted(known) else "ticket"


def _signed(requests: Requests) -> Requests:
    signed = {why: each for why, each in requests.rejected.items() if why not in NOT_SIGNED}
    return replace(requests, rejected=signed)


def _nothing_is_accepted(whole: Requests) -> bool:
    recent = _all(whole).lasting > 0
    return (whole.accepted.lasting if recent else whole.accepted.window) == 0


def _together(connections: Iterable[Requests]) -> Requests:
    """Several connections as one."""
    requests_of = list(connections)
    found: dict[str, list[Rejected]] = defaultdict(list)
    for requests in requests_of:
        for reason, rejected in requests.rejected.items():
            found[reason].append(rejected)
    return Requests(
        Stretches.sum(each.accepted for each in requests_of),
        {
            reason: Rejected(
                Stretches.sum(each.requests for each in of), max(each.last_at for each in of)
            )
            for reason, of in sorted(found.items())
        },
    )


def _rejected(requests: Requests) -> Stretches:
    return Stretches.sum(each.requests for each in requests.rejected.values())


def _all(requests: Requests) -> Stretches:
    return Stretches.sum([requests.accepted, _rejected(requests)])


def _share(requests: Requests) -> float:
    of = _all(requests).window
    return _rejected(requests).window / of if of else 0.0


def _sentence(requests: Requests) -> str:
    of, within = _all(requests).window, span(REQUEST_WINDOW)
    if not of:
        return f"no request came in {within}"
    share = percent(_share(requests)) if _rejected(requests).window else "none"
    return f"{share} of {count(of, 'request')} in {within} rejected"


def _mostly(requests: Requests) -> str:
    worst = sorted(requests.rejected.items(), key=lambda item: (-item[1].requests.window, item[0]))
    return ", ".join(f"{name} {number(each.requests.window)}" for name, each in worst[:_NAMED])


def _details(facts: WebhookFacts, now: datetime) -> str:
    rows = [
        (name if requests.is_known else f"{name} (never sent an event)", reason,
         number(each.requests.window), number(requests.accepted.window), minute(each.last_at, now))
        for name, requests in sorted(facts.connections.items())
        for reason, each in sorted(requests.rejected.items())
    ]  # fmt: skip
    return table(("connection", "reason", "rejected", "accepted", "last"), rows[:_SHOWN])
