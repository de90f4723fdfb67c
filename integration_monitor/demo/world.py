"""The demo's company at work: changes, syncs, and what is broken, one step after another."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
import sqlalchemy as sa

from integration_monitor.demo.billing_sync import BillingSync
from integration_monitor.demo.breakage import Breakage
from integration_monitor.demo.changes import Changes
from integration_monitor.demo.clock import iso
from integration_monitor.demo.company import (
    IntegrationName,
    create_accounts,
    create_product,
    create_warehouse,
)
from integration_monitor.demo.crm_sync import CrmSync
from integration_monitor.demo.faults import Command, read_command
from integration_monitor.demo.partner import Partner
from integration_monitor.demo.sender import Sender
from integration_monitor.demo.sync_run import SyncRun, share_of_200

RUNS_SHOWN = 12
RUNS_KEPT = 120
CHANGES_A_SECOND = 1.0
REPLAYED_CHANGES = 30

TITLES: Mapping[IntegrationName, str] = {
    "crm": "Harborview CRM → warehouse (contacts)",
    "billing": "product → Tallystone Billing (invoices)",
}


class World:
    """Everything that is watched. One thread steps; others may ask for `state`."""

    def __init__(
        self,
        product: sa.Engine,
        warehouse: sa.Engine,
        *,
        faults: Path,
        rng: random.Random | None = None,
    ) -> None:
        rng = rng or random.Random()  # noqa: S311 - plausible data, not secrets
        accounts = create_accounts()
        create_product(product, accounts)
        create_warehouse(warehouse)
        self.partner = Partner(accounts)
        self.changes = Changes(self.partner.contacts, product, rng)
        self._product, self._warehouse, self._faults, self._rng = product, warehouse, faults, rng
        self._runs: dict[IntegrationName, deque[SyncRun]] = {
            name: deque(maxlen=RUNS_KEPT) for name in TITLES
        }
        self._sender: Sender | None = None
        self._due = 0.0
        self._last: datetime | None = None

    def connect(self, http: Mapping[IntegrationName, httpx.Client]) -> None:
        """Open the syncs, which call the partners through these. Call it before `step`."""
        self._crm = CrmSync(http["crm"], self._product, self._warehouse)
        self._billing = BillingSync(http["billing"], self._product)
        syncs: dict[IntegrationName, CrmSync | BillingSync] = {
            "crm": self._crm,
            "billing": self._billing,
        }
        self._syncs = syncs
        self._breakage = Breakage(self.partner, self.changes, syncs, self._rng)

    def call_through(self, http: Mapping[IntegrationName, httpx.Client]) -> None:
        """Let the syncs call the partners through other clients from now on."""
        for name, sync in self._syncs.items():
            sync.through(http[name])

    def tell_by(self, sender: Sender) -> None:
        """Show what this one says of the CRM's webhooks."""
        self._sender = sender

    def begin(self, at: datetime) -> None:
        """The records of the beginning, moved once."""
        self.changes.seed(at)
        self._last = at
        self.partner.clock = lambda: at
        self._sync(at)

    def replay(self, at: datetime, changes: int = REPLAYED_CHANGES) -> None:
        """Live from the last step to `at`, with so many changes, each moved by the next run.

        Only for the tenant that changed: the others' calls would have found nothing.
        """
        start = self._last or at
        for index in range(changes):
            moment = start + (at - start) * ((index + self._rng.random()) / changes)
            changed = self.changes.one(moment)
            if changed is not None:
                self._sync_one(*changed, _next_run(moment))
        self._last = at

    def step(self, now: datetime) -> None:
        """Do what was asked for, change what is due, and run the syncs."""
        self._breakage.follow(self._command(), now)
        elapsed = now - (self._last or now)
        self._last = now
        # After a suspended laptop, the backlog is not made up for.
        self._due += min(elapsed, timedelta(seconds=10)).total_seconds() * CHANGES_A_SECOND
        for _ in range(int(self._due)):
            self.changes.one(now, self._breakage.broken.spared)
        self._due -= int(self._due)
        self._sync(now)

    def _command(self) -> Command:
        return read_command(self._faults)

    def _sync(self, now: datetime) -> None:
        broken = self._breakage.broken
        for name, sync in self._syncs.items():
            if not broken.stopped(name):
                self._runs[name].append(sync.run(now, broken.dropped(name)))

    def _sync_one(self, name: IntegrationName, tenant: str, now: datetime) -> None:
        self.partner.clock = lambda: now
        run = self._crm.run(now, only=tenant) if name == "crm" else self._billing.run(now)
        self._runs[name].append(run)

    def runs(self, name: IntegrationName) -> Sequence[SyncRun]:
        """The last runs of a sync, oldest first."""
        return tuple(self._runs[name])

    def state(self) -> dict[str, Any]:
        """The syncs' own view, and what is broken; for the inbox page and `demo status`."""
        return {
            "fault": self._breakage.broken.as_json(),
            "commands": list(self._breakage.history),
            "syncs": [self._sync_state(name) for name in TITLES],
            "webhooks": self._sender.state() if self._sender else None,
        }

    def _sync_state(self, name: IntegrationName) -> dict[str, Any]:
        runs = list(self._runs[name])
        state: Literal["running", "stopped"] = "running"
        if self._breakage.broken.stopped(name):
            state = "stopped"
        return {
            "integration": name,
            "title": TITLES[name],
            "state": state,
            "last_run": runs[-1].line if runs else None,
            "last_minute": _last_minute(runs),
            "runs": [{"at": iso(run.at), "line": run.line} for run in runs[: -RUNS_SHOWN - 1 : -1]],
        }


def _next_run(at: datetime) -> datetime:
    """The syncs run at every whole second."""
    return at.replace(microsecond=0) + timedelta(seconds=1)


def _last_minute(runs: Sequence[SyncRun]) -> str | None:
    if not runs:
        return None
    recent = [run for run in runs if runs[-1].at - run.at < timedelta(minutes=1)]
    records, calls = sum(run.records for run in recent), sum(run.calls for run in recent)
    return f"{len(recent)} runs, {records} records, {calls} calls, {share_of_200(recent)}"
