"""What failed and was not called since has not recovered. Pure.

Shares are formed over minutes, and many syncs call once an hour: when the window has slid past the
last call, nothing fails any more, and nothing is known to work. So the verdict stays until the
endpoint or the tenant is called again, or until it has been silent for as long as an integration
may be (`call_silence.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import SINGLE, Integration
from integration_monitor.signals.call_facts import CallFacts
from integration_monitor.signals.call_rules import budgets
from integration_monitor.signals.call_silence import LAST_CALL, silent_after
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.wording import some

BY_TENANT = ("auth", "tenants")
HELD_SINCE = "held_since_s"
"""Evidence: when it was last judged by calls, in seconds since 1970."""
FORGOTTEN_AFTER = timedelta(days=30)
"""How long an integration that fell silent is wondered at."""
_NOT_CALLED = "not called since: "


def hold(
    found: Verdict,
    previous: Verdict | None,
    facts: CallFacts,
    integration: Integration,
    now: datetime,
) -> Verdict:
    """The verdict that was found, with what the previous one said of what was not called since."""
    if previous is None or found.status == "unknown":
        return found
    if previous.status == "unknown":
        return _still_silent(found, previous, facts, now)
    if previous.status == "ok":
        return found
    since = previous.evidence.get(HELD_SINCE, previous.at.timestamp())
    if now.timestamp() - since > silent_after(integration).total_seconds():
        return found
    if found.signal in BY_TENANT:
        unseen = [part for part in previous.parts if part.tenant not in facts.tenants]
        return _with_tenants(found, previous, unseen, since) if unseen else found
    figures = _unseen_figures(previous, facts, integration)
    return _with_endpoints(found, previous, figures, since) if figures else found


def _still_silent(found: Verdict, previous: Verdict, facts: CallFacts, now: datetime) -> Verdict:
    """Minutes are kept for days: that they are gone too is no news."""
    last_call = previous.evidence.get(LAST_CALL)
    if facts.endpoints or facts.last_call is not None or last_call is None:
        return found
    if now.timestamp() - last_call > FORGOTTEN_AFTER.total_seconds():
        return found
    return replace(
        found,
        status=previous.status,
        severity=previous.severity,
        reason=previous.reason,
        evidence=previous.evidence,
    )


def _with_tenants(
    found: Verdict, previous: Verdict, unseen: Sequence[Part], since: float
) -> Verdict:
    parts = tuple(sorted((*found.parts, *unseen), key=lambda part: part.tenant))
    held = replace(
        found,
        parts=parts,
        tenants=tuple(part.tenant for part in parts if part.tenant != SINGLE),
        evidence={**found.evidence, HELD_SINCE: since},
    )
    if found.status != "ok":
        names = some([part.tenant for part in unseen])
        return replace(held, reason=f"{found.reason}; also before, and not called since: {names}")
    return replace(
        held,
        status=previous.status,
        severity=previous.severity,
        reason=_reason([part.tenant for part in unseen if part.tenant != SINGLE], previous),
    )


def _with_endpoints(
    found: Verdict, previous: Verdict, figures: Mapping[str, Mapping[str, float]], since: float
) -> Verdict:
    carried = {key: value for each in figures.values() for key, value in each.items()}
    held = replace(found, evidence={**found.evidence, **carried, HELD_SINCE: since})
    if found.status != "ok":
        return held
    return replace(
        held,
        status=previous.status,
        severity=previous.severity,
        reason=_reason(sorted(figures), previous),
        details=previous.details,
    )


def _reason(names: Sequence[str], previous: Verdict) -> str:
    _, held, said = previous.reason.partition(_NOT_CALLED)
    whom = f"{some(names)} " if names else ""
    return f"{whom}{_NOT_CALLED}{said if held else previous.reason}"


def _unseen_figures(
    previous: Verdict, facts: CallFacts, integration: Integration
) -> dict[str, Mapping[str, float]]:
    """The numbers of endpoints that were over a limit and are not called, by endpoint."""
    found: dict[str, Mapping[str, float]] = {}
    for key, value in previous.evidence.items():
        for name, limit in _limits(key, previous.signal, integration):
            if value >= limit and name not in facts.endpoints:
                found[name] = {**found.get(name, {}), key: value}
    return found


def _limits(key: str, signal: str, integration: Integration) -> list[tuple[str, float]]:
    """The endpoint that a number is about, and from where on it is told; none for other numbers."""
    rules = integration.calls
    name, share, rest = key.rpartition("_error_share")
    if signal == "errors" and share and not rest:
        return [(name, rules.errors.warn)]
    if signal == "latency":
        return [
            (name, limit.total_seconds() * 1000 * rules.latency.at_risk)
            for name, endpoint in integration.endpoints.items()
            for quantile, (_, limit) in budgets(endpoint.latency).items()
            if key == f"{name}_{quantile}_ms"
        ]
    return []
