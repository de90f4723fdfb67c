"""`incidents`: what is open, and what was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.context import (
    AsJson,
    clear_errors,
    environment,
    opened_store,
    progress,
)

if TYPE_CHECKING:
    from datetime import datetime

    from integration_monitor.incidents.domain import Incident


def incidents(
    past: Annotated[bool, typer.Option("--past", help="Also the resolved ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, with --past.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List incidents: what is wrong, for whom, since when; and alerts that did not get through."""
    from integration_monitor.store import incidents as stored
    from integration_monitor.store import outbox

    with clear_errors(), opened_store(environment()) as store, store.begin() as connection:
        found = stored.history(connection, limit) if past else stored.current(connection)
        waiting = outbox.undelivered(connection)
    for incident in found:
        typer.echo(json.dumps(_as_json(incident)) if as_json else _as_text(incident))
    if not found and not as_json:
        typer.echo("no incident")
    for alert in waiting:
        trouble = f": {alert.error}" if alert.error else ""
        progress(f"alert {alert.dedup_key} is not delivered yet{trouble}")


def _as_text(incident: Incident) -> str:
    subject = _subject(incident)
    since = _iso(incident.opened_at or incident.began_at)
    until = f" until {_iso(incident.resolved_at)}" if incident.resolved_at else ""
    if incident.closed_reason == "no longer watched":
        until += f" ({incident.closed_reason})"
    tenants = f" [{', '.join(incident.tenants)}]" if incident.tenants else ""
    return (
        f"{incident.state:10} {incident.severity:6} {incident.kind:6} {subject} since {since}"
        f"{until}{tenants}: {incident.reason}"
    )


def _subject(incident: Incident) -> str:
    from integration_monitor.signals.verdict import ASSET_CHECKS

    integration, name = incident.subject
    return f"asset check {name}" if integration == ASSET_CHECKS else f"{integration}/{name}"


def _as_json(incident: Incident) -> dict[str, object]:
    return {
        "id": incident.id,
        "integration": incident.subject.integration,
        "sync": incident.subject.name,
        "kind": incident.kind,
        "state": incident.state,
        "severity": incident.severity,
        "reason": incident.reason,
        "tenants": list(incident.tenants),
        "began_at": _iso(incident.began_at),
        "opened_at": _iso(incident.opened_at),
        "recovering_since": _iso(incident.recovering_since),
        "resolved_at": _iso(incident.resolved_at),
        "closed_reason": incident.closed_reason,
    }


def _iso(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
