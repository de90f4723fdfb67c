"""Step the incidents and queue the alerts: one transaction, then delivery may come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.alerts.decide import Decision, decide, route
from integration_monitor.alerts.payload import as_json, build_alert
from integration_monitor.alerts.text import render
from integration_monitor.alerts.watched_check import WatchedCheck
from integration_monitor.incidents.domain import (
    Happened,
    Incident,
    Kind,
    Subject,
    Transition,
)
from integration_monitor.incidents.scope import scope
from integration_monitor.incidents.step import Step, step
from integration_monitor.manifest.domain import Fleet, Integration, Monitor
from integration_monitor.signals.verdict import ASSET_CHECKS
from integration_monitor.signals.wording import some
from integration_monitor.store import incidents, outbox, verdicts
from integration_monitor.store.engine import Store

Which = tuple[Subject, Kind]


@dataclass(frozen=True)
class StepSummary:
    """What a step did; `str()` is one line for people."""

    opened: int = 0
    worsened: int = 0
    reopened: int = 0
    reminded: int = 0
    recovering: int = 0
    resolved: int = 0
    queued: int = 0
    """Alerts written to the outbox."""
    without_channel: int = 0
    """Transitions that somebody should hear of, for whose severity no channel is configured."""
    skipped: str | None = None
    """Why nothing was done."""
    about: tuple[str, ...] = field(default=(), compare=False)
    """What it happened to, such as `crm/contacts`."""

    def __str__(self) -> str:
        if self.skipped:
            return self.skipped
        names: tuple[Happened, ...] = (
            "opened", "worsened", "reopened", "reminded", "recovering", "resolved",
        )  # fmt: skip
        said = [f"{getattr(self, name)} {name}" for name in names if getattr(self, name)]
        said += [f"{_alerts(self.queued)} queued"] if self.queued else []
        if self.without_channel:
            said.append(f"{_alerts(self.without_channel)} without a channel")
        where = f" ({some(self.about)})" if self.about else ""
        return ", ".join(said) + where if said else "nothing changed"


def update_incidents(
    store: Store,
    fleet: Fleet,
    now: datetime,
    checks: Mapping[str, WatchedCheck] | None = None,
) -> StepSummary:
    """Derive the incidents from the latest verdicts and queue what is to be told.

    `checks` are the asset checks that are watched, by subject; None where that is not known, then
    their incidents stay as they are.
    All of it is one transaction, so an alert is neither lost nor made up. Only one process steps
    at a time; a second one does nothing. Raises `StoreError` where the store is away.
    """
    if not fleet.routing_known:
        # Without its channels and routes every alert would be decided as told to nobody.
        return StepSummary(skipped=f"incidents are held: {fleet.monitor_errors[0]}")
    with store.begin() as connection:
        if not incidents.try_lock(connection):
            return StepSummary(skipped="another process is updating the incidents")
        before = incidents.current(connection)
        after = step(
            before, verdicts.latest(connection), scope(fleet, checks), fleet.monitor.incidents, now
        )
        saved = _save(connection, before, after)
        transitions = [
            replace(each, incident=saved[_which(each.incident)]) for each in after.transitions
        ]
        decisions = _queue(connection, fleet, transitions, checks or {})
    return _summary(transitions, decisions)


def _save(
    connection: sa.Connection, before: Iterable[Incident], after: Step
) -> dict[Which, Incident]:
    """Write what changed; all incidents with their ids."""
    known = {_which(incident): incident for incident in before}
    incidents.drop(connection, after.dropped)
    return {
        _which(incident): incident
        if known.get(_which(incident)) == incident
        else incidents.save(connection, incident)
        for incident in after.incidents
    }


def _queue(
    connection: sa.Connection,
    fleet: Fleet,
    transitions: Iterable[Transition],
    checks: Mapping[str, WatchedCheck],
) -> list[Decision]:
    """Record the transitions, decide who is told, and put the alerts into the outbox."""
    integrations = {integration.name: integration for integration in fleet.integrations}
    decisions: list[Decision] = []
    for transition in transitions:
        subject = transition.incident.subject
        about = integrations.get(subject.integration), _check(subject, checks)
        decisions.append(_queue_one(connection, transition, *about, fleet.monitor))
    return decisions


def _check(subject: Subject, checks: Mapping[str, WatchedCheck]) -> WatchedCheck | None:
    return checks.get(subject.name) if subject.integration == ASSET_CHECKS else None


def _queue_one(
    connection: sa.Connection,
    transition: Transition,
    integration: Integration | None,
    check: WatchedCheck | None,
    monitor: Monitor,
) -> Decision:
    incident = transition.incident
    transition_id = incidents.add_transition(connection, transition)
    decision = decide(
        transition,
        route(incident.severity, integration, monitor),
        outbox.told(connection, incident.stored_id),
    )
    for channel, reason in decision.tell.items():
        alert = build_alert(transition, reason, integration, monitor, check)
        outbox.add(
            connection,
            dedup_key=f"{alert.incident_key}:{transition_id}:{channel}",
            incident_id=alert.incident_id,
            channel=channel,
            reason=reason,
            alert=as_json(alert) | render(alert).as_json(),
            at=transition.at,
        )
    return decision


def _summary(transitions: Sequence[Transition], decisions: Sequence[Decision]) -> StepSummary:
    happened = Counter(transition.happened for transition in transitions)
    why_not = Counter(decision.why_not for decision in decisions)
    subjects = [each.incident.subject for each in transitions]
    return StepSummary(
        opened=happened["opened"],
        worsened=happened["worsened"],
        reopened=happened["reopened"],
        reminded=happened["reminded"],
        recovering=happened["recovering"],
        resolved=happened["resolved"],
        queued=sum(len(decision.tell) for decision in decisions),
        without_channel=why_not["no channel"],
        about=tuple(dict.fromkeys(f"{each.integration}/{each.name}" for each in subjects)),
    )


def _which(incident: Incident) -> Which:
    return incident.subject, incident.kind


def _alerts(number: int) -> str:
    return f"{number} {'alert' if number == 1 else 'alerts'}"
