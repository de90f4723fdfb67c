"""Requests that were accepted, counted in memory: a few rows a second, however many come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from integration_monitor.store.webhook_notes import Accepted

_MINUTE = timedelta(minutes=1)


class AcceptedCounts:
    """Counts by integration, connection and minute, until they are taken to be stored."""

    def __init__(self) -> None:
        self._counts: defaultdict[tuple[str, str, datetime], int] = defaultdict(int)
        self._minute = self._next = datetime.min.replace(tzinfo=UTC)

    def add(self, integration: str, connection: str, came_at: datetime) -> None:
        """One more; nearly all come in the same minute as the one before."""
        if not self._minute <= came_at < self._next:
            self._minute = came_at.replace(second=0, microsecond=0)
            self._next = self._minute + _MINUTE
        self._counts[integration, connection, self._minute] += 1

    def take(self) -> Sequence[Accepted]:
        """All of them; from now on they are counted from zero."""
        taken, self._counts = self._counts, defaultdict(int)
        return [Accepted(*key, requests) for key, requests in taken.items()]

    def give_back(self, counts: Sequence[Accepted]) -> None:
        """Counts that were taken and could not be stored."""
        for one in counts:
            self._counts[one.integration, one.connection, one.minute] += one.requests
