"""Doing what was asked for: breaking the demo, and mending it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from integration_monitor.demo.behaviour import WELL, behaviour
from integration_monitor.demo.changes import Changes
from integration_monitor.demo.clock import iso
from integration_monitor.demo.company import TENANTS, IntegrationName
from integration_monitor.demo.faults import INTEGRATIONS, Command
from integration_monitor.demo.partner import Partner

LOST_TENANTS = 3
LOST_RECORDS = 5
_BEFORE = timedelta(seconds=5)
_OF_ONE_TENANT = ("drop-tenant", "expire-token")


class Rewindable(Protocol):
    """A sync that can be told to move everything again from a time on."""

    def rewind(self, to: datetime) -> None: ...

    def reconnect(self) -> None:
        """Try the tenants again that were given up."""


@dataclass
class Broken:
    """What is broken at the moment, and what was lost and is still to be moved again."""

    command: Command = field(default_factory=Command)
    since: datetime | None = None
    records: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The records that are lost, by tenant."""
    tenant: str | None = None
    """Whose access was revoked, or whose token has expired."""
    not_resynced: set[str] = field(default_factory=set)
    """Lost records of faults that were mended without moving them again."""

    def dropped(self, integration: IntegrationName) -> frozenset[str]:
        """The keys that this integration's sync loses now."""
        if self.command.integration != integration or self.command.fault != "drop-records":
            return frozenset()
        return self.lost

    def stopped(self, integration: IntegrationName) -> bool:
        """Whether this integration's sync stands still."""
        return (self.command.fault, self.command.integration) == ("stop-sync", integration)

    @property
    def lost(self) -> frozenset[str]:
        """The keys of the records that the present fault loses."""
        return frozenset(key for keys in self.records.values() for key in keys)

    @property
    def spared(self) -> frozenset[str]:
        """Records that nobody changes: a later change of a lost one would repair it by chance."""
        return self.lost | self.not_resynced

    def as_json(self) -> dict[str, Any]:
        """For the inbox page and `demo status`."""
        return {
            "command": self.command.number,
            "fault": self.command.fault,
            "integration": self.command.integration,
            "since": iso(self.since) if self.since else None,
            "records": {tenant: list(keys) for tenant, keys in self.records.items()},
            "tenant": self.tenant,
            "not_resynced": sorted(self.not_resynced),
        }


class Breakage:
    """Follows commands. Used by the world's one thread only."""

    def __init__(
        self,
        partner: Partner,
        changes: Changes,
        syncs: Mapping[IntegrationName, Rewindable],
        rng: random.Random,
    ) -> None:
        self._partner = partner
        self._changes = changes
        self._syncs = syncs
        self._rng = rng
        self.history: list[dict[str, Any]] = []
        """What was broken and mended so far, and when."""
        self._rewind_to: dict[IntegrationName, datetime] = {}
        self.broken = Broken()

    def follow(self, command: Command, now: datetime) -> None:
        """Break or mend; nothing where the command is the one of before."""
        if command == self.broken.command:
            return
        if command.fault is None:
            self._mend(command, now)
            self.history.append({"at": iso(now), "event": "fixed", "resync": command.resync})
            return
        self._mend(Command(fault=None, resync=False), now)
        kept = self.broken.not_resynced
        self.broken = Broken(command, now, not_resynced=kept)
        self._rewind_to.setdefault(command.integration, now - _BEFORE)
        if command.fault == "drop-records":
            self._drop_records(command.integration, now)
        if command.fault in _OF_ONE_TENANT:
            self._choose_tenant(command.integration, now)
        self._partner.behave(
            command.integration,
            behaviour(command.fault, command.integration, tenant=self.broken.tenant, now=now),
        )
        self.history.append(
            {
                "at": iso(now),
                "event": "broken",
                "fault": command.fault,
                "integration": command.integration,
                "records": {tenant: list(keys) for tenant, keys in self.broken.records.items()},
                "tenant": self.broken.tenant,
            }
        )

    def _drop_records(self, integration: IntegrationName, now: datetime) -> None:
        # Named before they change: the sync must not see a changed record that it may move.
        self.broken.records = self._changes.pick(integration, LOST_TENANTS, LOST_RECORDS)
        for keys in self.broken.records.values():
            self._changes.touch(integration, keys, now)

    def _choose_tenant(self, integration: IntegrationName, now: datetime) -> None:
        self.broken.tenant = self._rng.choice(TENANTS)
        keys = self._changes.of(integration, self.broken.tenant)
        # A small customer's records may not change for minutes, and then nobody calls for it.
        self._changes.touch(integration, [k for k in keys if k not in self.broken.spared][:1], now)

    def _mend(self, command: Command, now: datetime) -> None:
        self._partner.behave(command.integration, WELL)
        for sync in self._syncs.values():
            sync.reconnect()
        lost = {*self.broken.spared, *self._partner.refused()}
        if command.resync:
            for integration in INTEGRATIONS:
                if integration in self._rewind_to:
                    self._syncs[integration].rewind(self._rewind_to.pop(integration))
            lost = set()
        self.broken = Broken(command, since=now, not_resynced=lost)
