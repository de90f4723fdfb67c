"""What has happened in a demo so far: told by the company, the store and the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import sqlalchemy as sa

from integration_monitor.demo.clock import iso, parse
from integration_monitor.demo.home import Addresses
from integration_monitor.store.engine import Store, open_store
from integration_monitor.store.tables import incidents, transitions, verdicts

_INCIDENT_EVENTS = {
    "opened": "incident_opened",
    "reopened": "incident_reopened",
    "worsened": "incident_worsened",
    "resolved": "incident_resolved",
}


@dataclass(frozen=True)
class Event:
    """Something that happened."""

    at: datetime
    event: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """One line of `--json`."""
        return {"at": iso(self.at), "event": self.event, **self.details}


class Witness:
    """Asks a running demo what has happened."""

    def __init__(self, addresses: Addresses, store: Store, http: httpx.Client) -> None:
        self._addresses = addresses
        self._store = store
        self._http = http

    def state(self) -> Mapping[str, Any]:
        """The company's own view. Raises `httpx.HTTPError` where it does not answer."""
        state: Mapping[str, Any] = self._get("state.json")
        return state

    def alerts(self) -> list[Mapping[str, Any]]:
        """The alerts in the inbox, oldest first. Raises `httpx.HTTPError`."""
        return list(reversed(self._get("alerts.json")))

    def story(self) -> list[Event]:
        """Everything that happened since the demo was ready, in order.

        Raises `StoreError` and `httpx.HTTPError`.
        """
        events = [Event(self._addresses.ready, "started", {"dagster": self._addresses.dagster})]
        events += _commands(self.state())
        events += self._from_store()
        events += [_delivery(alert) for alert in self.alerts()]
        return sorted(events, key=lambda event: event.at)

    def _get(self, path: str) -> Any:
        response = self._http.get(f"{self._addresses.inbox}/{path}")
        response.raise_for_status()
        return response.json()

    def _from_store(self) -> list[Event]:
        since = self._addresses.ready
        with self._store.begin() as connection:
            return [*_failed_checks(connection, since), *_incident_events(connection, since)]


@contextmanager
def witness_of(addresses: Addresses) -> Iterator[tuple[Witness, Store]]:
    """A witness of a running demo, and its store."""
    store = open_store(addresses.store)
    try:
        with httpx.Client(timeout=10, trust_env=False) as http:
            yield Witness(addresses, store, http), store
    finally:
        store.dispose()


def _commands(state: Mapping[str, Any]) -> Iterator[Event]:
    for command in state["commands"]:
        details = {name: value for name, value in command.items() if name not in ("at", "event")}
        yield Event(parse(command["at"]), command["event"], details)


def _failed_checks(connection: sa.Connection, since: datetime) -> Iterator[Event]:
    query = sa.select(verdicts).where(verdicts.c.status != "ok", verdicts.c.started_at >= since)
    for row in connection.execute(query):
        details = {
            "check": f"{row.integration}/{row.subject} {row.signal}",
            "status": row.status,
            "reason": row.reason,
            "tenants": list(row.tenants),
        }
        yield Event(row.started_at, "check_failed", details)


def _incident_events(connection: sa.Connection, since: datetime) -> Iterator[Event]:
    # Severity and reason are the transition's own: those of the incident change later.
    query = (
        sa.select(transitions, incidents.c.integration, incidents.c.subject)
        .join(incidents, incidents.c.id == transitions.c.incident_id)
        .where(transitions.c.at >= since, transitions.c.transition.in_(_INCIDENT_EVENTS))
        .order_by(transitions.c.id)
    )
    for row in connection.execute(query):
        details = {
            "incident": row.incident_id,
            "subject": f"{row.integration}/{row.subject}",
            "severity": row.severity,
            "reason": row.reason,
        }
        yield Event(row.at, _INCIDENT_EVENTS[row.transition], details)


def is_recovery(alert: Mapping[str, Any]) -> bool:
    """Whether an alert tells that an incident is over."""
    return bool(alert["reason"] == "resolved")


def short_alert(alert: Mapping[str, Any]) -> dict[str, Any]:
    """What the summary says of an alert."""
    return {
        "reason": alert["reason"],
        "severity": alert["severity"],
        "incident": alert["incident"]["id"],
        "subject": f"{alert['integration']}/{alert['subject']}",
        "signals": [finding["signal"] for finding in alert["findings"]],
        "summary": alert["summary"],
    }


def _delivery(alert: Mapping[str, Any]) -> Event:
    event = "recovery_delivered" if is_recovery(alert) else "alert_delivered"
    return Event(parse(alert["received_at"]), event, short_alert(alert))


def unresolved(alerts: Sequence[Mapping[str, Any]]) -> set[int]:
    """The incidents that people were told of, and not yet of their end."""
    told: set[int] = set()
    for alert in alerts:
        (told.discard if is_recovery(alert) else told.add)(alert["incident"]["id"])
    return told
