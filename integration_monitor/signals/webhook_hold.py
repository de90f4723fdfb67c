"""What was rejected, or did not arrive, is not well again because nothing comes any more. Pure.

While nothing shows that it is over it is `unknown`: a request of that connection that is accepted,
or an event that reaches that sink, does. Late events have a rule of their own, `webhook_lag_hold`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from integration_monitor.signals.held import BEFORE, merged, original, tenants
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.webhook_delivery import delivered_share
from integration_monitor.signals.webhook_facts import (
    DELIVERY_WINDOW,
    REQUEST_WINDOW,
    Requests,
    Sink,
    WebhookFacts,
)
from integration_monitor.signals.wording import some, span

SINCE = "held_since_s"
"""Evidence: since when it is not known whether it is over, in seconds since 1970."""
FORGOTTEN_AFTER = timedelta(days=30)
_NO_SINK = Sink({})
_NO_REQUESTS = Requests()


@dataclass(frozen=True)
class _Unproven:
    """What failed, and of which nothing came since that is well."""

    said: str
    parts: Sequence[Part]
    evidence: Mapping[str, float] = field(default_factory=dict)


def hold_signatures(
    found: Verdict, previous: Verdict | None, facts: WebhookFacts, now: datetime
) -> Verdict:
    """The verdict that was found, with the connections of which no request was accepted since."""
    if previous is None:
        return found
    unproven = [
        part
        for part in previous.parts
        if not facts.connections.get(part.tenant, _NO_REQUESTS).accepted.lasting
    ]
    names = tenants(unproven)
    whose = f" of {some(names)}" if names else ""
    said = f"no request{whose} was accepted in {span(REQUEST_WINDOW)}"
    held = _held(found, previous, _Unproven(said, unproven), now)
    nothing_is_over = SINCE in held.evidence and len(unproven) == len(previous.parts)
    # Strangers who sign nothing are a ticket; they make none of a page.
    if nothing_is_over and previous.severity == "page":
        return replace(held, severity="page")
    return held


def hold_delivery(
    found: Verdict, previous: Verdict | None, facts: WebhookFacts, now: datetime
) -> Verdict:
    """The verdict that was found, with the sinks that nothing reached since."""
    if previous is None:
        return found
    shares = {
        name: previous.evidence.get(delivered_share(name), 1.0)
        for name in facts.rules.sinks
        if not _reached(facts.sinks.get(name, _NO_SINK))
    }
    failed = {name: share for name, share in shares.items() if share < facts.rules.delivered}
    if not failed:
        return found
    evidence = {delivered_share(name): share for name, share in failed.items()}
    said = f"nothing reached {some(sorted(failed))} in {span(DELIVERY_WINDOW)}"
    return _held(found, previous, _Unproven(said, previous.parts, evidence), now)


def remember(found: Verdict, previous: Verdict | None) -> Verdict:
    """A verdict without facts: what failed before is not forgotten for that."""
    if previous is None or not _may_go_on(previous):
        return found
    parts = merged((), previous.parts, "unknown")
    return replace(
        found,
        severity=previous.severity,
        reason=f"{found.reason}{BEFORE}{original(previous.reason)}",
        parts=parts,
        tenants=tenants(parts),
        evidence={SINCE: found.at.timestamp(), **previous.evidence},
    )


def _may_go_on(previous: Verdict) -> bool:
    return previous.status == "fail" or SINCE in previous.evidence


def _held(found: Verdict, previous: Verdict, unproven: _Unproven, now: datetime) -> Verdict:
    since = previous.evidence.get(SINCE, now.timestamp())
    is_forgotten = now.timestamp() - since > FORGOTTEN_AFTER.total_seconds()
    if not unproven.parts or not _may_go_on(previous) or is_forgotten:
        return found
    parts = merged(found.parts, unproven.parts, "unknown")
    evidence = {**found.evidence, **unproven.evidence, SINCE: since}
    held = replace(found, parts=parts, tenants=tenants(parts), evidence=evidence)
    if found.status == "fail":
        return held
    return replace(
        held,
        status="unknown",
        severity=previous.severity,
        reason=f"{unproven.said}, so it is not known whether it is over"
        f"{BEFORE}{original(previous.reason)}",
    )


def _reached(sink: Sink) -> bool:
    return any(each.tried.window > each.failed.window for each in sink.tenants.values())
