"""Verdicts and rules that the tests of incidents and alerts share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from integration_monitor.incidents.domain import Incident, Subject, Transition
from integration_monitor.incidents.scope import Scope
from integration_monitor.incidents.step import Step, step
from integration_monitor.manifest.domain import IncidentRules, Severity
from integration_monitor.signals.verdict import Part, Status, Verdict

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONTACTS = Subject("crm", "contacts")
WATCHED = Scope(frozenset([CONTACTS, Subject("crm", "-")]), complete=True)
RULES = IncidentRules(
    open_after=timedelta(0),
    stable_for=timedelta(minutes=10),
    unknown_for=timedelta(minutes=15),
    remind=timedelta(hours=4),
)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def verdict(
    status: Status = "ok",
    minutes: float = 0,
    *,
    signal: str = "reconciliation",
    subject: str = "contacts",
    tenants: Iterable[str] = (),
    blind: Iterable[str] = (),
    severity: Severity | None = None,
    reason: str | None = None,
) -> Verdict:
    """A verdict that is valid for an hour."""
    return Verdict(
        integration="crm",
        subject=subject,
        signal=signal,
        status=status,
        reason=reason or f"{signal} is {status}",
        at=at(minutes),
        valid_until=at(minutes + 60),
        severity=severity,
        evidence={"gaps": 3.0},
        tenants=tuple(tenants),
        parts=tuple(Part(tenant, "unknown", "the token is dead") for tenant in blind),
    )


@dataclass
class World:
    """Steps one after the other, each upon the incidents of the one before."""

    rules: IncidentRules = RULES
    scope: Scope = WATCHED
    incidents: tuple[Incident, ...] = ()
    transitions: list[Transition] = field(default_factory=list)

    def step(self, minutes: float, *verdicts: Verdict) -> Step:
        unresolved = [each for each in self.incidents if each.state != "resolved"]
        done = step(unresolved, verdicts, self.scope, self.rules, at(minutes))
        self.incidents = done.incidents
        self.transitions.extend(done.transitions)
        return done

    def see(self, minutes: float, *verdicts: Verdict) -> list[str]:
        """Step, and say what happened: `kind happened`."""
        done = self.step(minutes, *verdicts)
        return [f"{each.incident.kind} {each.happened}" for each in done.transitions]

    def states(self) -> dict[str, str]:
        return {incident.kind: incident.state for incident in self.incidents}
