"""Do events reach the sinks, and for whom not?

An event that failed and is tried again has not arrived: it counts as failed until it has. So does
one whose turn does not come: of a sink that is down only few events try whether it is up again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from integration_monitor.manifest.domain import Integration, Severity
from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.call_rules import FEWEST, over
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Part, Status, Verdict
from integration_monitor.signals.webhook_facts import (
    DELIVERY_WINDOW,
    Handed,
    Sink,
    WebhookFacts,
)
from integration_monitor.signals.webhooks import verdict
from integration_monitor.signals.wording import count, number, some, span, table

SIGNAL: Final = "delivery"
PROCESSING = "(processing)"
"""Stands among the sinks for what reached none of them."""
_MANY = 10
"""So many that cannot be processed, one after the other, are no accident."""
_SHOWN = 50


@dataclass(frozen=True)
class _Found:
    """What is wrong at one sink."""

    name: str
    sink: Sink
    status: Status
    whole: Handed

    @property
    def tenants(self) -> list[str]:
        return sorted(name for name, each in self.sink.tenants.items() if each.failed.window)

    @property
    def where(self) -> str:
        return "processing" if self.name == PROCESSING else self.name


def delivered_share(sink: str) -> str:
    """Evidence: the share of events that reached a sink."""
    return f"{sink}_delivered_share"


def judge(facts: WebhookFacts, integration: Integration, now: datetime) -> Verdict:
    """The share of events that reached each sink against `webhooks.delivered`."""
    return verdict(SIGNAL, integration, _judge(facts, facts.rules), now)


def _judge(facts: WebhookFacts, rules: Webhooks) -> Judged:
    places = _places(facts)
    found = [
        _Found(name, sink, _status(_whole(sink), rules), _whole(sink))
        for name, sink in places.items()
    ]
    bad = sorted(
        (each for each in found if each.status != "ok"),
        key=lambda each: (each.status != "fail", -_share(each.whole), each.name),
    )
    evidence = _evidence(found)
    details = _details(places)
    if not bad:
        return Judged("ok", _well(found, rules), evidence=evidence, details=details)
    worst = bad[0].status
    tenants = sorted({name for each in bad for name in each.tenants})
    parts = [Part(name, worst, _of_tenant(name, bad)) for name in tenants]
    said = "; ".join(_sentence(each, rules) for each in bad[:3])
    return Judged(worst, said, _severity(bad), evidence, parts, details)


def _places(facts: WebhookFacts) -> Mapping[str, Sink]:
    """The sinks; where events could not be processed, that comes first."""
    if not facts.unprocessable:
        return facts.sinks
    return {PROCESSING: Sink(facts.unprocessable), **facts.sinks}


def _whole(sink: Sink) -> Handed:
    of = sink.tenants.values()
    return Handed(
        Stretches.sum(each.tried for each in of),
        Stretches.sum(each.failed for each in of),
        sum(each.retried for each in of),
        sum(each.dead for each in of),
    )


def _status(handed: Handed, rules: Webhooks) -> Status:
    """It fails while it goes on; while what failed before is missing, however few, it warns."""
    limit = 1 - rules.delivered
    if over(handed.failed, handed.tried, limit, strictly=True):
        return "fail"
    return "warn" if _share(handed) > limit else "ok"


def _severity(bad: Sequence[_Found]) -> Severity:
    """One or two events may yet arrive at the next attempt: that wakes nobody."""
    if any(each.status == "fail" and _nothing_arrives(each) for each in bad):
        return "page"
    return "ticket" if any(each.whole.failed.window >= FEWEST for each in bad) else "watch"


def _share(handed: Handed) -> float:
    return handed.failed.window / handed.tried.window if handed.tried.window else 0.0


def _nothing_arrives(found: _Found) -> bool:
    handed = found.whole
    # A body that nobody can read says more of itself than of the place, as a sink's refusal does.
    recent = handed.tried.lasting >= (_MANY if found.name == PROCESSING else FEWEST)
    of = handed.tried.lasting if recent else handed.tried.window
    return (handed.failed.lasting if recent else handed.failed.window) == of


def _sentence(found: _Found, rules: Webhooks) -> str:
    whole = found.whole
    state = [
        f"{number(n)} {what}"
        for n, what in (
            (whole.retried, "tried again"),
            (whole.failed.window - whole.retried - whole.dead, "waiting"),
            (whole.dead, "given up"),
        )
        if n
    ]
    text = (
        f"{found.where}: {number(whole.failed.window)} of {count(whole.tried.window, 'event')} in"
        f" {span(DELIVERY_WINDOW)} did not arrive ({', '.join(state)}); {_percent(rules.delivered)}"
        " are to"
    )
    text += f"; {found.sink.error}" if found.sink.error else ""
    names = [name for name in found.tenants if name != "-"]
    text += f" — {some(names)}" if names else ""
    again = found.status == "warn" and whole.failed.window >= FEWEST
    return text + ("; the newest ones do arrive" if again else "")


def _of_tenant(tenant: str, bad: list[_Found]) -> str:
    found = [(each.name, each.sink.tenants[tenant]) for each in bad if tenant in each.tenants]
    return "; ".join(
        f"{name}: {number(handed.failed.window)} of {count(handed.tried.window, 'event')} failed"
        for name, handed in found
    )


def _well(found: list[_Found], rules: Webhooks) -> str:
    said = [
        f"{each.where}: {_percent(1 - _share(each.whole))} of"
        f" {count(each.whole.tried.window, 'event')}"
        for each in found
        if each.whole.tried.window
    ]
    if not rules.sinks:
        return "; ".join(["no sink is declared: nothing is handed on", *said])
    if not said:
        return f"nothing was to be delivered in {span(DELIVERY_WINDOW)}"
    return f"delivered in {span(DELIVERY_WINDOW)}: {'; '.join(said)}"


def _percent(share: float) -> str:
    """Never rounded up: 99.96 % are not all."""
    return f"{math.floor(share * 10_000 + 1e-6) / 100:g} %"


def _evidence(found: list[_Found]) -> dict[str, float]:
    tried = sum(each.whole.tried.window for each in found if each.name != PROCESSING)
    failed = sum(each.whole.failed.window for each in found if each.name != PROCESSING)
    evidence = {
        "deliveries": float(tried),
        "undelivered": float(failed),
        "retried": float(sum(each.whole.retried for each in found)),
        "dead": float(sum(each.whole.dead for each in found)),
    }
    for each in found:
        if each.name != PROCESSING:
            evidence[delivered_share(each.name)] = 1 - _share(each.whole)
    return evidence


def _details(places: Mapping[str, Sink]) -> str:
    rows = [
        (name, tenant, number(each.tried.window), number(each.retried), number(each.dead))
        for name, sink in places.items()
        for tenant, each in sorted(sink.tenants.items(), key=lambda i: (-i[1].failed.window, i[0]))
        if name != PROCESSING or each.failed.window
    ]
    return table(("sink", "tenant", "events", "tried again", "given up"), rows[:_SHOWN])
