"""What failed and was not called since has not recovered, nor what is called and fails. Pure.

Shares are formed over minutes, and many syncs call once an hour: when the window has slid past the
last call, nothing fails any more, and nothing is known to work. So the verdict stays until the
endpoint or the tenant is called again and works (`call_recovery.py`), or for as long as an
integration may be silent (`call_silence.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import SINGLE, Integration
from integration_monitor.signals.call_facts import CallFacts
from integration_monitor.signals.call_recovery import (
    endpoint_is_fast,
    endpoint_is_well,
    tenant_is_well,
)
from integration_monitor.signals.call_rules import budgets
from integration_monitor.signals.call_silence import LAST_CALL, silent_after
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.wording import some

BY_TENANT = ("auth", "tenants")
HELD_SINCE = "held_since_s"
"""Evidence: when it was last judged by calls, in seconds since 1970."""
FORGOTTEN_AFTER = timedelta(days=30)
"""How long an integration that fell silent is wondered at."""
TOLD = "_told_share"
"""Evidence, after an endpoint's name: the share of failed calls for which it was told, or 0."""
_NOT_CALLED = "not called since: "
_NOT_WELL = "not known to be well since: "


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
        parts = _unwell_parts(found, previous, facts, integration)
        called = any(part.tenant in facts.tenants for part in parts)
        words = _NOT_WELL if called else _NOT_CALLED
        return _with_tenants(found, previous, parts, since, words) if parts else found
    figures = _unwell_figures(found, previous, facts, integration)
    words = _NOT_WELL if figures.keys() & facts.endpoints.keys() else _NOT_CALLED
    return _with_endpoints(found, previous, figures, since, words) if figures else found


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
    found: Verdict, previous: Verdict, unwell: Sequence[Part], since: float, words: str
) -> Verdict:
    parts = tuple(sorted((*found.parts, *unwell), key=lambda part: part.tenant))
    held = replace(
        found,
        parts=parts,
        tenants=tuple(part.tenant for part in parts if part.tenant != SINGLE),
        evidence={**found.evidence, HELD_SINCE: since},
    )
    if found.status != "ok":
        names = some([part.tenant for part in unwell])
        return replace(held, reason=f"{found.reason}; also before, and {words}{names}")
    return replace(
        held,
        status=previous.status,
        severity=previous.severity,
        reason=_reason([part.tenant for part in unwell if part.tenant != SINGLE], previous, words),
    )


def _with_endpoints(
    found: Verdict,
    previous: Verdict,
    figures: Mapping[str, Mapping[str, float]],
    since: float,
    words: str,
) -> Verdict:
    carried = {key: value for each in figures.values() for key, value in each.items()}
    held = replace(found, evidence={**found.evidence, **carried, HELD_SINCE: since})
    if found.status != "ok":
        return held
    return replace(
        held,
        status=previous.status,
        severity=previous.severity,
        reason=_reason(sorted(figures), previous, words),
        details=previous.details,
    )


def _reason(names: Sequence[str], previous: Verdict, words: str) -> str:
    said = previous.reason
    for earlier in (_NOT_CALLED, _NOT_WELL):
        _, held, rest = said.partition(earlier)
        said = rest if held else said
    whom = f"{some(names)} " if names else ""
    return f"{whom}{words}{said}"


def _unwell_parts(
    found: Verdict, previous: Verdict, facts: CallFacts, integration: Integration
) -> list[Part]:
    """The tenants of before that are not known to be well, without those that are told now."""
    told = {part.tenant for part in found.parts}
    return [
        part
        for part in previous.parts
        if part.tenant not in told
        and (
            part.tenant not in facts.tenants
            or not tenant_is_well(facts.tenants[part.tenant], found.signal, integration.calls)
        )
    ]


def _unwell_figures(
    found: Verdict, previous: Verdict, facts: CallFacts, integration: Integration
) -> dict[str, Mapping[str, float]]:
    """The numbers of endpoints that were over a limit and are not known to be well, by endpoint."""
    figures: dict[str, Mapping[str, float]] = {}
    for key, value in previous.evidence.items():
        for name, limit in _limits(key, previous.signal, integration):
            over = value >= limit and value > 0
            if over and not _is_well(name, key, value, limit, found, facts, integration):
                figures[name] = {**figures.get(name, {}), key: value}
    return figures


def _is_well(
    name: str,
    key: str,
    value: float,
    limit: float,
    found: Verdict,
    facts: CallFacts,
    integration: Integration,
) -> bool:
    """Whether an endpoint is, or is told now anyway."""
    if name not in facts.endpoints:
        return False
    if found.signal == "latency":
        quantile = key.removeprefix(f"{name}_").removesuffix("_ms")
        latency = facts.latencies.get(name)
        return endpoint_is_fast(latency, quantile, limit, integration.calls.minimum)
    return found.evidence.get(key, 0.0) > 0 or endpoint_is_well(
        facts.endpoints[name], value, integration.calls
    )


def _limits(key: str, signal: str, integration: Integration) -> list[tuple[str, float]]:
    """The endpoint that a number is about, and from where on it is told; none for other numbers."""
    rules = integration.calls
    name, told, rest = key.rpartition(TOLD)
    if signal == "errors" and told and not rest:
        return [(name, 0.0)]
    if signal == "latency":
        return [
            (name, limit.total_seconds() * 1000 * rules.latency.at_risk)
            for name, endpoint in integration.endpoints.items()
            for quantile, (_, limit) in budgets(endpoint.latency).items()
            if key == f"{name}_{quantile}_ms"
        ]
    return []
