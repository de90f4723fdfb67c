"""What the partner says of our subscriptions, beside what came of events. Pure.

A partner that disabled a subscription sends nothing more: that is certain long before silence is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from integration_monitor.manifest.domain import SINGLE, Integration, Severity
from integration_monitor.signals.call_wording import minute
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.wording import count, some


@dataclass(frozen=True)
class Said:
    """What was said of one connection's subscription."""

    asked_at: datetime
    enabled: bool | None
    """None where it could not be asked."""
    error: str | None = None
    """Why it could not."""


def with_subscriptions(
    found: Verdict, said: Mapping[str, Said], integration: Integration, now: datetime
) -> Verdict:
    """A verdict about volume, with what the partner says of the subscriptions, by connection."""
    if integration.webhooks is None or integration.webhooks.subscription is None:
        return found
    off = {name: each for name, each in said.items() if each.enabled is False}
    unasked = {name: each for name, each in said.items() if each.enabled is None}
    evidence = {
        **found.evidence,
        "subscriptions_enabled": float(sum(each.enabled is True for each in said.values())),
        "subscriptions_disabled": float(len(off)),
        "subscriptions_unknown": float(len(unasked)),
    }
    known = replace(found, evidence=evidence)
    if off and found.status != "fail":
        known = _disabled(known, off, of=len(said), now=now)
    note = _unasked(unasked) if said else "whether the subscription is enabled was not asked yet"
    return replace(known, reason=f"{known.reason}; {note}") if note else known


def _disabled(found: Verdict, off: Mapping[str, Said], *, of: int, now: datetime) -> Verdict:
    reason = "the partner says that the subscription is disabled"
    parts = [Part(name, "fail", reason) for name in sorted(off)]
    others = [part for part in found.parts if part.tenant not in off]
    named = [name for name in sorted(off) if name != SINGLE]
    whose = f" of {some(named)}" if named else ""
    when = minute(min(each.asked_at for each in off.values()), now)
    everybody = len(off) == of
    severity: Severity = "page" if everybody or len(off) > 1 else "ticket"
    together = sorted([*parts, *others], key=lambda part: part.tenant)
    return replace(
        found,
        status="fail",
        severity=severity,
        reason=f"{reason}{whose} (asked {when}): {found.reason}",
        parts=tuple(together),
        tenants=tuple(part.tenant for part in together if part.tenant != SINGLE),
    )


def _unasked(unasked: Mapping[str, Said]) -> str:
    if not unasked:
        return ""
    error = next((each.error for each in unasked.values() if each.error), "no answer")
    if list(unasked) == [SINGLE]:
        return f"the partner could not be asked about the subscription: {error}"
    asked = count(len(unasked), "subscription")
    return f"the partner could not be asked about {asked} ({some(sorted(unasked))}): {error}"
