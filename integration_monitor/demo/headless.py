"""The story of the demo without anybody watching: start, break, alert, fix, recovery, stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product as pairs
from typing import Any

import httpx

from integration_monitor.demo import handled
from integration_monitor.demo.clock import iso, parse, utc_now
from integration_monitor.demo.company import IntegrationName
from integration_monitor.demo.faults import FAULTS, INTEGRATIONS, Fault, Told, write_command
from integration_monitor.demo.handled import ENOUGH, PROOFS, Seen
from integration_monitor.demo.running import RunningDemo
from integration_monitor.demo.story import (
    Event,
    Witness,
    is_recovery,
    short_alert,
    unresolved,
    witness_of,
)
from integration_monitor.local_processes import ServersError
from integration_monitor.signals import api, freshness, reconciliation, schema_drift, webhooks
from integration_monitor.store.engine import Store
from integration_monitor.store.verdicts import latest

POLL_S = 0.5
_OF_RECORDS = (reconciliation.SIGNAL, freshness.SIGNAL, *schema_drift.SIGNALS)
_OF_CALLS = tuple(signal for signal in api.SIGNALS if signal != "changelog")
_CHECKED = frozenset(
    (*pairs(INTEGRATIONS, (*_OF_RECORDS, *_OF_CALLS)), *pairs(["crm"], webhooks.SIGNALS))
)
"""What is to be known before something is broken. The demo's partners have no changelog."""
GREEN_WITHIN_S = 150.0
RECOVERY_WITHIN_S = 240.0
HANDLED_WITHIN_S = 300.0

Tell = Callable[[Mapping[str, Any]], None]
"""Takes one event after the other, as plain data."""


@dataclass
class Outcome:
    """How the story went; seconds are None where the alert did not arrive in time."""

    fault: Fault
    alert_seconds: float | None = None
    recovery_seconds: float | None = None
    alerts: Sequence[Mapping[str, Any]] = field(default_factory=list)
    handled: Mapping[str, float] | None = None
    """Of a fault that nobody is told of: what shows that it was dealt with."""
    missed: str | None = None
    """What was waited for in vain."""

    @property
    def complete(self) -> bool:
        """Whether the alert and the recovery arrived; or neither, where nobody is to be told."""
        if self.fault in PROOFS:
            return self.handled is not None and not self.alerts
        return self.alert_seconds is not None and self.recovery_seconds is not None

    def as_json(self) -> dict[str, Any]:
        """The last line."""
        summary: dict[str, Any] = {
            "event": "summary",
            "fault": self.fault,
            "alert_seconds": self.alert_seconds,
            "recovery_seconds": self.recovery_seconds,
            "alerts": [short_alert(alert) for alert in self.alerts],
        }
        if self.handled is not None:
            summary["handled"] = self.handled
        return {**summary, "missed": self.missed} if self.missed else summary


class _Missed(Exception):
    pass


class Headless:
    """Leads one running demo through the story of one fault."""

    def __init__(self, demo: RunningDemo, witness: Witness, store: Store, tell: Tell) -> None:
        self._demo = demo
        self._witness = witness
        self._store = store
        self._tell = tell
        self._told: set[tuple[str, datetime, str]] = set()

    def run(self, fault: Fault, integration: IntegrationName) -> Outcome:
        """Lead through the story. Raises `ServersError` where a server ends."""
        outcome = Outcome(fault)
        faults = self._demo.home.faults
        try:
            self._wait(self._is_green, GREEN_WITHIN_S, "every check green")
            write_command(faults, fault=fault, integration=integration)
            broken = self._wait_for_event("broken")
            if fault in PROOFS:
                outcome.handled = self._wait_for_proof(fault, broken)
                write_command(faults, fault=None)
                self._wait_for_event("fixed")
            else:
                alert = self._wait_for_alerts(fault, broken, integration)
                outcome.alert_seconds = _seconds(broken, alert)
                write_command(faults, fault=None)
                fixed = self._wait_for_event("fixed")
                self._wait(self._all_resolved, RECOVERY_WITHIN_S, "the recovery alert")
                recovery = parse(self._witness.alerts()[-1]["received_at"])
                outcome.recovery_seconds = _seconds(fixed, recovery)
        except _Missed as missed:
            outcome.missed = str(missed)
        self._tell_news()
        outcome.alerts = self._witness.alerts()
        return outcome

    def _wait(self, arrived: Callable[[], bool], within_s: float, what: str) -> None:
        give_up = time.monotonic() + within_s
        while not arrived():
            if time.monotonic() > give_up:
                raise _Missed(f"{what}, for {within_s:g} s")
            self._demo.processes.require_running()
            self._tell_news()
            time.sleep(POLL_S)
        self._tell_news()

    def _tell_news(self) -> None:
        for event in self._witness.story():
            # Not by its reason: that of a check changes as long as the check fails.
            known = (event.event, event.at, str(event.details.get("check")))
            if known not in self._told:
                self._told.add(known)
                self._tell(event.as_json())

    def _is_green(self) -> bool:
        """Whether Dagster has measured every sync since the demo was ready, and all is well."""
        with self._store.begin() as connection:
            verdicts = latest(connection)
        ready = self._demo.addresses.ready
        live = [verdict for verdict in verdicts if verdict.at > ready and verdict.subject != "-"]
        everything = {(verdict.integration, verdict.signal) for verdict in live}
        return everything >= _CHECKED and all(verdict.status == "ok" for verdict in verdicts)

    def _wait_for_event(self, name: str) -> datetime:
        found: list[Event] = []

        def happened() -> bool:
            found.extend(event for event in self._witness.story() if event.event == name)
            return bool(found)

        self._wait(happened, 30, f"the company to be {name}")
        return found[-1].at

    def _wait_for_alerts(self, fault: Fault, broken: datetime, integration: str) -> datetime:
        """When the first of those arrived that are to tell of the fault."""
        return min(self._wait_for_alert(told, broken, integration) for told in FAULTS[fault].told)

    def _wait_for_alert(self, told: Told, broken: datetime, integration: str) -> datetime:
        received: list[datetime] = []

        def arrived() -> bool:
            received.extend(
                at
                for alert in self._witness.alerts()
                if alert["integration"] == integration
                and not is_recovery(alert)
                and told.by(alert)
                and (at := parse(alert["received_at"])) >= broken
            )
            return bool(received)

        self._wait(arrived, told.within_s, f"the alert about {told.signal}")
        return received[0]

    def _wait_for_proof(self, fault: Fault, broken: datetime) -> Mapping[str, float]:
        """What shows, and after how many seconds, that a fault was dealt with."""
        seen: list[Seen] = []

        def proven() -> bool:
            seen.append(handled.look(fault, self._store, self._demo.addresses.product))
            return seen[-1].is_proven

        self._wait(proven, HANDLED_WITHIN_S, f"{ENOUGH} events that show it")
        found = {"seconds": _seconds(broken, utc_now()), **seen[-1].numbers}
        self._tell({"at": iso(utc_now()), "event": "handled", **found})
        return found

    def _all_resolved(self) -> bool:
        return not unresolved(self._witness.alerts())


def run_story(demo: RunningDemo, fault: Fault, integration: IntegrationName, tell: Tell) -> Outcome:
    """Lead a demo through the story of a fault, telling each event as it happens.

    Raises `ServersError` where a server of the demo ends or does not answer.
    """
    with witness_of(demo.addresses) as (witness, store):
        try:
            return Headless(demo, witness, store, tell).run(fault, integration)
        except httpx.HTTPError as error:
            raise ServersError(f"the inbox does not answer: {type(error).__name__}") from error


def _seconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds(), 1)
