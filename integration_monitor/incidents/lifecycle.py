"""One incident, one step: pending → open → recovering → resolved, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from integration_monitor.incidents.condition import Condition, Picture
from integration_monitor.incidents.domain import (
    RANK,
    Happened,
    Incident,
    Kind,
    Subject,
    Transition,
)
from integration_monitor.manifest.domain import IncidentRules
from integration_monitor.signals.verdict import ASSET_CHECKS


@dataclass(frozen=True)
class Advance:
    """The incident after the step, None where there is none (any more), and what happened."""

    incident: Incident | None
    transitions: tuple[Transition, ...] = ()


def begin(
    subject: Subject, kind: Kind, condition: Condition, rules: IncidentRules, now: datetime
) -> Advance:
    """A subject without an incident: a pending one where something is wrong, open if due."""
    wrong = condition.wrong
    if wrong is None:
        return Advance(None)
    pending = Incident(
        subject=subject,
        kind=kind,
        state="pending",
        severity=wrong.severity,
        reason=wrong.reason,
        tenants=wrong.tenants,
        findings=wrong.findings,
        began_at=wrong.since,
        updated_at=now,
    )
    return _open_if_due(pending, wrong, rules, now)


def advance(
    incident: Incident, condition: Condition, rules: IncidentRules, now: datetime
) -> Advance:
    """An unresolved incident, one step further.

    - wrong: a pending one opens when it lasted, an open one may be worse or be due for a
      reminder, a recovering one is open again;
    - clear: a pending one is dropped, an open one recovers, a recovering one is resolved when it
      was clear for `stable_for`;
    - neither (it cannot be seen): it stays; a recovering one is not known to be well any more, so
      it is open again.
    """
    if condition.wrong is not None:
        return _wrong(incident, condition.wrong, rules, now)
    if condition.clear:
        return _clear(incident, rules, now)
    return _unseen(incident, rules, now)


def close_unwatched(incident: Incident, now: datetime) -> Advance:
    """Its subject is not watched any more; a pending one is dropped."""
    if incident.state == "pending":
        return Advance(None)
    reason = f"{_left(incident.subject)}; nobody saw it recover"
    closed = replace(incident, state="resolved", resolved_at=now, closed_reason="no longer watched")
    return Advance(closed, (Transition("resolved", closed, now, reason),))


def _left(subject: Subject) -> str:
    if subject.integration == ASSET_CHECKS:
        return "the check is not defined or not selected any more"
    return "it is in no manifest any more"


def _wrong(incident: Incident, wrong: Picture, rules: IncidentRules, now: datetime) -> Advance:
    new_tenants = tuple(sorted(set(wrong.tenants) - set(incident.tenants)))
    higher = RANK[wrong.severity] > RANK[incident.severity]
    after = replace(
        incident,
        severity=wrong.severity if higher else incident.severity,
        reason=wrong.reason,
        tenants=tuple(sorted({*incident.tenants, *wrong.tenants})),
        findings=wrong.findings,
    )
    if after.state == "pending":
        return _open_if_due(after, wrong, rules, now)
    happened: list[Happened] = []
    if after.state == "recovering":
        after = _reopened(after)
        happened.append("reopened")
    if new_tenants or higher:
        after = replace(after, reminded_at=now)
        happened.append("worsened")
    after, reminded = _remind_if_due(after, rules, now)
    return _happened(after, happened + reminded, now, new_tenants)


def _unseen(incident: Incident, rules: IncidentRules, now: datetime) -> Advance:
    if incident.state == "pending":
        return Advance(incident)
    after, happened = incident, list[Transition]()
    if after.state == "recovering":
        after = _reopened(after)
        reason = "it cannot be seen any more whether it is well"
        happened.append(Transition("reopened", after, now, reason))
    after, reminded = _remind_if_due(after, rules, now)
    return Advance(after, (*happened, *_happened(after, reminded, now).transitions))


def _clear(incident: Incident, rules: IncidentRules, now: datetime) -> Advance:
    if incident.state == "pending":
        return Advance(None)
    after, transitions = incident, list[Happened]()
    if after.state == "open":
        after = replace(after, state="recovering", recovering_since=now)
        transitions.append("recovering")
    since = after.recovering_since or now
    if now - since >= rules.stable_for:
        after = replace(after, state="resolved", resolved_at=now, closed_reason="recovered")
        transitions.append("resolved")
    well = "everything is ok" if incident.kind == "broken" else "everything can be seen"
    return Advance(after, tuple(Transition(each, after, now, well) for each in transitions))


def _open_if_due(pending: Incident, wrong: Picture, rules: IncidentRules, now: datetime) -> Advance:
    patience = max(wrong.bearable_for, _patience(pending.kind, rules))
    if now - pending.began_at < patience:
        return Advance(pending)
    opened = replace(pending, state="open", opened_at=now)
    return _happened(opened, ["opened"], now, opened.tenants)


def _remind_if_due(
    incident: Incident, rules: IncidentRules, now: datetime
) -> tuple[Incident, list[Happened]]:
    told_at = incident.reminded_at or incident.opened_at
    if not rules.remind or told_at is None or now - told_at < rules.remind:
        return incident, []
    return replace(incident, reminded_at=now), ["reminded"]


def _happened(
    incident: Incident, happened: list[Happened], now: datetime, new_tenants: tuple[str, ...] = ()
) -> Advance:
    return Advance(
        incident,
        tuple(Transition(each, incident, now, incident.reason, new_tenants) for each in happened),
    )


def _reopened(incident: Incident) -> Incident:
    return replace(incident, state="open", recovering_since=None)


def _patience(kind: Kind, rules: IncidentRules) -> timedelta:
    return rules.open_after if kind == "broken" else rules.unknown_for
