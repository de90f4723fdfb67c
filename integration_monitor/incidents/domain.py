"""An incident: failing verdicts with one cause, followed from open to resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from integration_monitor.manifest.domain import Severity
from integration_monitor.signals.verdict import Status

Kind = Literal["broken", "blind"]
"""`broken`: something fails. `blind`: the monitor cannot see whether it does."""
State = Literal["pending", "open", "recovering", "resolved"]
Happened = Literal["opened", "worsened", "recovering", "reopened", "reminded", "resolved"]
ClosedReason = Literal["recovered", "no longer watched"]

RANK: Mapping[Severity, int] = {"watch": 0, "ticket": 1, "page": 2}


class Subject(NamedTuple):
    """What is judged: a sync of an integration, or `-` for the integration as a whole."""

    integration: str
    name: str


@dataclass(frozen=True)
class Finding:
    """One verdict behind an incident."""

    signal: str
    status: Status
    reason: str
    evidence: Mapping[str, float]


@dataclass(frozen=True)
class Incident:
    """The state of an incident. There is at most one unresolved per subject and kind.

    `severity` is the highest it ever had and `tenants` are all it ever affected, sorted;
    `reason` and `findings` say what was last seen wrong.
    """

    subject: Subject
    kind: Kind
    state: State
    severity: Severity
    reason: str
    tenants: tuple[str, ...]
    findings: tuple[Finding, ...]
    began_at: datetime
    updated_at: datetime
    id: int | None = None
    """Given by the store; None before the incident was first saved."""
    opened_at: datetime | None = None
    recovering_since: datetime | None = None
    resolved_at: datetime | None = None
    closed_reason: ClosedReason | None = None
    reminded_at: datetime | None = None
    """When people were last told that it is still open, or that it got worse."""

    @property
    def stored_id(self) -> int:
        """The id. Raises `ValueError` for an incident that was never saved."""
        if self.id is None:
            raise ValueError("the incident was not saved yet")
        return self.id


@dataclass(frozen=True)
class Transition:
    """Something that happened to an incident at a step; `incident` is its state after the step."""

    happened: Happened
    incident: Incident
    at: datetime
    reason: str
    new_tenants: tuple[str, ...] = ()
    """The tenants that were not in the incident before."""
