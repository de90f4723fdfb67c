"""Requests that were turned away, counted in memory: a flood of them writes no more than a few."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from integration_monitor.manifest.domain import SINGLE
from integration_monitor.store.storable import storable
from integration_monitor.store.webhook_notes import Rejections

MOST_CONNECTIONS = 100
"""Of an integration, within an hour: tenants in paths are invented as easily as signatures."""
OTHERS = "(others)"

Key = tuple[str, str, str, datetime]


class RejectionCounts:
    """Counts by integration, connection, reason and minute, until they are taken to be stored."""

    def __init__(self) -> None:
        self._counts: dict[Key, Rejections] = {}
        self._connections: dict[str, set[str]] = {}
        self._hour: datetime | None = None

    def add(self, integration: str, connection: str, reason: str, now: datetime) -> None:
        """One more."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        named = self._named(integration, connection, hour)
        minute = now.replace(second=0, microsecond=0)
        self._add(Rejections(integration, named, reason, minute, 1, now, now))

    def take(self) -> Sequence[Rejections]:
        """All of them; from now on they are counted from zero."""
        taken, self._counts = list(self._counts.values()), {}
        return taken

    def give_back(self, counts: Sequence[Rejections]) -> None:
        """Counts that were taken and could not be stored."""
        for one in counts:
            self._add(one)

    def _add(self, one: Rejections) -> None:
        key = one[:4]
        known = self._counts.get(key)
        if known is not None:
            one = one._replace(
                requests=known.requests + one.requests,
                first_at=min(known.first_at, one.first_at),
                last_at=max(known.last_at, one.last_at),
            )
        self._counts[key] = one

    def _named(self, integration: str, connection: str, hour: datetime) -> str:
        if hour != self._hour:
            self._hour, self._connections = hour, {}
        seen = self._connections.setdefault(integration, {SINGLE})
        if connection not in seen:
            if len(seen) > MOST_CONNECTIONS:
                return OTHERS
            seen.add(connection)
        return storable(connection)
