"""What an alert says, as plain data. `docs/alerts.md` describes the fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from integration_monitor.alerts.decide import Reason
from integration_monitor.alerts.watched_check import WatchedCheck
from integration_monitor.incidents.domain import Finding, Incident, Kind, Subject, Transition
from integration_monitor.manifest.domain import Integration, Monitor, Owner, Runbook, Severity
from integration_monitor.signals.mapped import Role
from integration_monitor.signals.next_step import next_step
from integration_monitor.signals.schema_drift import signal_of
from integration_monitor.signals.verdict import API, ASSET_CHECKS, WEBHOOKS, WHOLE

SCHEMA_VERSION = 1
"""Raised when a field changes its meaning or goes away; new fields may come at any time."""

_ASSETS = {WHOLE: "manifest", API: "api", WEBHOOKS: "webhooks"}
"""The assets of subjects that are no syncs."""


@dataclass(frozen=True)
class Alert:
    """One transition, told to one channel."""

    reason: Reason
    incident_id: int
    incident_key: str
    """Constant over the incident, and over restarts unique: what PagerDuty calls a dedup key."""
    integration: str
    title: str
    subject: str
    kind: Kind
    severity: Severity
    summary: str
    """What broke, in one sentence with the numbers."""
    tenants: tuple[str, ...]
    """All that the incident ever affected."""
    new_tenants: tuple[str, ...]
    findings: tuple[Finding, ...]
    owner: Owner | None
    runbook: Runbook
    dagster_url: str | None
    began_at: datetime
    opened_at: datetime | None
    resolved_at: datetime | None
    at: datetime
    asset_check: WatchedCheck | None = None
    """Set where it is about an asset check that is still defined."""

    @property
    def next_steps(self) -> tuple[str, ...]:
        """Commands that show more of what is wrong; none where it is over."""
        if self.resolved_at is not None:
            return ()
        steps = [
            next_step(self.integration, self.subject, finding.signal, finding.status)
            for finding in self.findings
        ]
        return tuple(dict.fromkeys(step for step in steps if step))

    @property
    def duration_s(self) -> float:
        """From when it began to when it was resolved, or to now, in seconds."""
        return ((self.resolved_at or self.at) - self.began_at).total_seconds()


def incident_key(incident: Incident) -> str:
    """`crm/contacts/broken/20260301T120000Z-12`."""
    where = f"{incident.subject.integration}/{incident.subject.name}/{incident.kind}"
    return f"{where}/{incident.began_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{incident.stored_id}"


def build_alert(
    transition: Transition,
    reason: Reason,
    integration: Integration | None,
    monitor: Monitor,
    check: WatchedCheck | None = None,
) -> Alert:
    """The alert of a stored incident's transition.

    `integration` is None where its manifest is broken or gone, and `check` where the incident is
    about no asset check, or one that is gone: then the fleet's owner is named.
    """
    incident = transition.incident
    subject = incident.subject
    return Alert(
        reason=reason,
        incident_id=incident.stored_id,
        incident_key=incident_key(incident),
        integration=subject.integration,
        title=_title(subject, integration),
        subject=subject.name,
        kind=incident.kind,
        severity=incident.severity,
        summary=incident.reason,
        tenants=incident.tenants,
        new_tenants=transition.new_tenants if reason == "worsened" else (),
        findings=incident.findings,
        owner=_owner(integration, check) or monitor.owner,
        runbook=integration.runbook if integration else Runbook(),
        dagster_url=_page(incident, check, monitor.dagster_url),
        began_at=incident.began_at,
        opened_at=incident.opened_at,
        resolved_at=incident.resolved_at,
        at=transition.at,
        asset_check=check,
    )


def _title(subject: Subject, integration: Integration | None) -> str:
    if subject.integration == ASSET_CHECKS:
        return "Asset check"
    return integration.title if integration else subject.integration


def _owner(integration: Integration | None, check: WatchedCheck | None) -> Owner | None:
    if check is not None:
        return check.owner
    return integration.owner if integration else None


def _page(incident: Incident, check: WatchedCheck | None, base: str | None) -> str | None:
    subject = incident.subject
    if subject.integration == ASSET_CHECKS:
        return check.page(base) if check else None
    signals = {finding.signal for finding in incident.findings}
    role: Role = "source" if signals == {signal_of("source")} else "destination"
    return dagster_link(base, subject.integration, subject.name, role)


def dagster_link(
    base: str | None, integration: str, subject: str, role: Role = "destination"
) -> str | None:
    """The page of the asset whose checks tell about the subject; None without a base URL."""
    if base is None:
        return None
    asset = _ASSETS.get(subject, f"{subject}_{role}")
    return f"{base.rstrip('/')}/assets/{quote(integration)}/{quote(asset)}?view=checks"


def as_json(alert: Alert) -> dict[str, object]:
    """Plain data for JSON: times in UTC as ISO 8601, durations in seconds."""
    return {
        "schema_version": SCHEMA_VERSION,
        "reason": alert.reason,
        "incident": {"id": alert.incident_id, "key": alert.incident_key, "kind": alert.kind},
        "integration": alert.integration,
        "title": alert.title,
        "subject": alert.subject,
        "severity": alert.severity,
        "summary": alert.summary,
        "tenants": {
            "count": len(alert.tenants),
            "names": list(alert.tenants),
            "new": list(alert.new_tenants),
        },
        "findings": [
            {
                "signal": finding.signal,
                "status": finding.status,
                "reason": finding.reason,
                "evidence": dict(finding.evidence),
            }
            for finding in alert.findings
        ],
        "owner": _owner_json(alert.owner),
        "runbook": _runbook(alert.runbook),
        "next_steps": list(alert.next_steps),
        "dagster_url": alert.dagster_url,
        "began_at": iso(alert.began_at),
        "opened_at": iso(alert.opened_at),
        "resolved_at": iso(alert.resolved_at),
        "duration_s": alert.duration_s,
        "at": iso(alert.at),
        "asset_check": _check_json(alert.asset_check),
    }


def _owner_json(owner: Owner | None) -> dict[str, str | None] | None:
    return None if owner is None else {"name": owner.name, "email": owner.email or None}


def _check_json(check: WatchedCheck | None) -> dict[str, object] | None:
    if check is None:
        return None
    return {"asset": list(check.asset), "name": check.name, "owners": list(check.owners)}


def iso(at: datetime | None) -> str | None:
    """`2026-03-01T12:00:00Z`."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _runbook(runbook: Runbook) -> Mapping[str, str]:
    said = {
        "url": runbook.url,
        "summary": runbook.summary,
        "reliant": runbook.reliant,
        "pause": runbook.pause,
        "contact": runbook.contact,
    }
    return {name: text for name, text in said.items() if text}
