"""Keeping the store tidy, once an hour: what left the manifests, what was kept long enough."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from integration_monitor.incidents.domain import Subject
from integration_monitor.incidents.scope import scope
from integration_monitor.manifest.domain import Fleet
from integration_monitor.signals.verdict import ASSET_CHECKS
from integration_monitor.store import forget, outbox, verdicts
from integration_monitor.store.engine import Store
from integration_monitor.store.purge import purge

if TYPE_CHECKING:
    from integration_monitor.store.delete_old import Deleted
    from integration_monitor.store.keep_calls import KeptCalls

EVERY = timedelta(hours=1)
LEFT_FOR = timedelta(days=1)
"""How long a sync is in no manifest, and not measured, before what it is owed is let go."""
FOR_CALLS_S = 20.0
"""Seconds of a tick, which has 60, that keeping calls may take, and keeping webhooks as many; it
goes on in the next one."""
UNDELIVERABLE_FOR = timedelta(days=7)
"""How long an alert waits for a channel that is not in `monitor.yaml` to come back."""


@dataclass
class Housekeeping:
    """A part of the incident sensor's tick. Remembers in its process when it is due again."""

    fleet: Fleet
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    for_calls_s: float = FOR_CALLS_S
    _due: datetime | None = field(default=None, init=False)
    _only_rows: bool = field(default=False, init=False)

    def __call__(self, store: Store) -> str:
        """What was done, for the tick's log. Raises `StoreError` where the store is away."""
        now = self.clock()
        if self._due is not None and now < self._due:
            return ""
        # Without monitor.yaml neither retention nor channels are known.
        if self.fleet.monitor_errors:
            self._due = now + EVERY
            return ""
        said = "" if self._only_rows else self._tidy(store, now)
        kept = self._keep_calls(store, now)
        webhooks = self._keep_webhooks(store, now)
        self._only_rows = not (kept.complete and webhooks.complete)
        self._due = now if self._only_rows else now + EVERY
        old = f"{webhooks.rows} old rows about webhooks deleted" if webhooks.rows else ""
        return "; ".join(filter(None, (said, str(kept), old)))

    def _keep_calls(self, store: Store, now: datetime) -> KeptCalls:
        # Imported late, with its database driver: each run imports this module, few keep house.
        from integration_monitor.store.keep_calls import keep_calls

        until = time.monotonic() + self.for_calls_s
        retention = self.fleet.monitor.retention
        return keep_calls(store, retention, now=now, enough=lambda: time.monotonic() >= until)

    def _keep_webhooks(self, store: Store, now: datetime) -> Deleted:
        from integration_monitor.store.keep_webhooks import keep_webhooks

        until = time.monotonic() + self.for_calls_s
        retention = self.fleet.monitor.retention
        return keep_webhooks(store, retention, now=now, enough=lambda: time.monotonic() >= until)

    def _tidy(self, store: Store, now: datetime) -> str:
        monitor = self.fleet.monitor
        with store.begin() as connection:
            self._let_go(connection, now)
            given_up = outbox.give_up(connection, monitor.channels, now - UNDELIVERABLE_FOR)
            purged = purge(connection, monitor.retention, now)
        said = [f"{given_up} undeliverable alerts given up"] if given_up else []
        return "; ".join(said + ([f"{purged} old rows deleted"] if purged else []))

    def _let_go(self, connection: sa.Connection, now: datetime) -> None:
        watched = scope(self.fleet)
        if not watched.complete:
            return
        before = now - LEFT_FOR
        left = {
            Subject(verdict.integration, verdict.subject)
            for verdict in verdicts.latest(connection)
            # Those of asset checks are let go by the one who follows them.
            if verdict.at < before and verdict.integration != ASSET_CHECKS
        }
        verdicts.forget(connection, sorted(left - watched.watched), now)
        forget.forget_syncs(connection, keep=set(watched.periods), unread_since=before, at=now)
