"""All incidents, one step: re-derived from the latest verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args

from integration_monitor.incidents.condition import (
    Condition,
    condition,
    never_measured,
    not_loaded,
)
from integration_monitor.incidents.domain import Incident, Kind, Subject, Transition
from integration_monitor.incidents.lifecycle import Advance, advance, begin, close_unwatched
from integration_monitor.incidents.scope import Scope
from integration_monitor.manifest.domain import IncidentRules
from integration_monitor.signals.effective import effective
from integration_monitor.signals.verdict import WHOLE, Verdict

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Step:
    """The incidents after a step, those that were dropped while pending, and what happened."""

    incidents: tuple[Incident, ...] = ()
    dropped: tuple[Incident, ...] = ()
    transitions: tuple[Transition, ...] = ()


def step(
    current: Iterable[Incident],
    verdicts: Iterable[Verdict],
    scope: Scope,
    rules: IncidentRules,
    now: datetime,
) -> Step:
    """Derive the incidents from the latest verdicts.

    `current` are the unresolved incidents, `verdicts` the newest of every subject and signal as
    they were measured. A step with nothing new changes nothing, so steps may be repeated.
    """
    before = {(incident.subject, incident.kind): incident for incident in current}
    measured = _by_subject(verdicts, now)
    advances: list[tuple[Incident | None, Advance]] = []
    for subject in sorted({*measured, *scope.periods, *(subject for subject, _ in before)}):
        for kind in KINDS:
            incident = before.get((subject, kind))
            found = _advance(subject, kind, incident, measured, scope, rules, now)
            advances.append((incident, found))
    return _collect(advances, now)


def _advance(
    subject: Subject,
    kind: Kind,
    incident: Incident | None,
    measured: Mapping[Subject, list[Verdict]],
    scope: Scope,
    rules: IncidentRules,
    now: datetime,
) -> Advance:
    if not scope.follows(subject):
        if incident is not None and scope.lets_go(subject):
            return close_unwatched(incident, now)
        return Advance(incident)
    seen = _condition(subject, kind, measured, scope, now)
    if seen.clear and subject not in scope.watched:
        # What was well when it was last measured is not known to be well without its manifest.
        return Advance(incident)
    if incident is None:
        return begin(subject, kind, seen, rules, now)
    return advance(incident, seen, rules, now)


def _condition(
    subject: Subject,
    kind: Kind,
    measured: Mapping[Subject, list[Verdict]],
    scope: Scope,
    now: datetime,
) -> Condition:
    period = scope.periods.get(subject)
    if kind == "blind" and subject not in measured and period is not None:
        return never_measured(period, now)
    if kind == "blind" and subject.name == WHOLE and subject.integration in scope.unread:
        return not_loaded(measured.get(subject, []), now)
    return condition(kind, measured.get(subject, []), now)


def _collect(advances: Iterable[tuple[Incident | None, Advance]], now: datetime) -> Step:
    incidents: list[Incident] = []
    dropped: list[Incident] = []
    transitions: list[Transition] = []
    for before, found in advances:
        after = found.incident
        if after is None:
            dropped.extend([before] if before is not None else [])
            continue
        if after != before:
            after = replace(after, updated_at=now)
        incidents.append(after)
        transitions.extend(replace(each, incident=after) for each in found.transitions)
    return Step(tuple(incidents), tuple(dropped), tuple(transitions))


def _by_subject(verdicts: Iterable[Verdict], now: datetime) -> dict[Subject, list[Verdict]]:
    found: dict[Subject, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        found[Subject(verdict.integration, verdict.subject)].append(effective(verdict, now))
    return found
