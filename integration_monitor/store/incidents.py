"""Incidents and what happened to them, in the store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.incidents.domain import Finding, Happened, Incident, Subject, Transition
from integration_monitor.manifest.domain import Severity
from integration_monitor.store.tables import incidents, transitions

_LOCK = "integration_monitor incidents"


@dataclass(frozen=True)
class PastTransition:
    """A stored transition."""

    id: int
    incident_id: int
    at: datetime
    happened: Happened
    severity: Severity
    reason: str
    new_tenants: tuple[str, ...]


def try_lock(connection: sa.Connection) -> bool:
    """Become the only one who steps, until the transaction ends; false where another one is."""
    lock = sa.func.pg_try_advisory_xact_lock(sa.func.hashtext(_LOCK))
    return bool(connection.execute(sa.select(lock)).scalar_one())


def current(connection: sa.Connection) -> tuple[Incident, ...]:
    """The incidents that are not resolved, the pending ones among them, oldest first."""
    query = sa.select(incidents).where(incidents.c.state != "resolved").order_by(incidents.c.id)
    return tuple(_incident(row) for row in connection.execute(query))


def history(connection: sa.Connection, limit: int = 50) -> tuple[Incident, ...]:
    """The incidents that were opened, resolved ones too, newest first."""
    query = (
        sa.select(incidents)
        .where(incidents.c.opened_at.is_not(None))
        .order_by(incidents.c.opened_at.desc(), incidents.c.id.desc())
        .limit(limit)
    )
    return tuple(_incident(row) for row in connection.execute(query))


def transitions_of(connection: sa.Connection, incident_id: int) -> tuple[PastTransition, ...]:
    """What happened to an incident, in order."""
    query = (
        sa.select(transitions)
        .where(transitions.c.incident_id == incident_id)
        .order_by(transitions.c.id)
    )
    return tuple(
        PastTransition(
            id=row.id,
            incident_id=row.incident_id,
            at=row.at,
            happened=row.transition,
            severity=row.severity,
            reason=row.reason,
            new_tenants=tuple(row.tenants),
        )
        for row in connection.execute(query)
    )


def save(connection: sa.Connection, incident: Incident) -> Incident:
    """Insert or update; the incident comes back with its id."""
    values = _values(incident)
    if incident.id is not None:
        connection.execute(incidents.update().where(incidents.c.id == incident.id).values(**values))
        return incident
    inserted = connection.execute(incidents.insert().values(**values).returning(incidents.c.id))
    return replace(incident, id=inserted.scalar_one())


def drop(connection: sa.Connection, dropped: Iterable[Incident]) -> None:
    """Delete pending incidents: nothing ever happened to them."""
    ids = [incident.id for incident in dropped]
    connection.execute(incidents.delete().where(incidents.c.id.in_(ids)))


def add_transition(connection: sa.Connection, transition: Transition) -> int:
    """Record what happened to a saved incident; returns the transition's id."""
    inserted = connection.execute(
        transitions.insert()
        .values(
            incident_id=transition.incident.stored_id,
            at=transition.at,
            transition=transition.happened,
            severity=transition.incident.severity,
            reason=transition.reason,
            tenants=list(transition.new_tenants),
        )
        .returning(transitions.c.id)
    )
    return int(inserted.scalar_one())


def _values(incident: Incident) -> dict[str, object]:
    return {
        "integration": incident.subject.integration,
        "subject": incident.subject.name,
        "kind": incident.kind,
        "state": incident.state,
        "severity": incident.severity,
        "reason": incident.reason,
        "tenants": list(incident.tenants),
        "evidence": [asdict(finding) for finding in incident.findings],
        "began_at": incident.began_at,
        "opened_at": incident.opened_at,
        "recovering_since": incident.recovering_since,
        "resolved_at": incident.resolved_at,
        "closed_reason": incident.closed_reason,
        "reminded_at": incident.reminded_at,
        "updated_at": incident.updated_at,
    }


def _incident(row: sa.Row[tuple[object, ...]]) -> Incident:
    return Incident(
        subject=Subject(row.integration, row.subject),
        kind=row.kind,
        state=row.state,
        severity=row.severity,
        reason=row.reason,
        tenants=tuple(row.tenants),
        findings=tuple(Finding(**finding) for finding in row.evidence),
        began_at=row.began_at,
        updated_at=row.updated_at,
        id=row.id,
        opened_at=row.opened_at,
        recovering_since=row.recovering_since,
        resolved_at=row.resolved_at,
        closed_reason=row.closed_reason,
        reminded_at=row.reminded_at,
    )
