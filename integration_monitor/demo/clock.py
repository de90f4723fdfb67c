"""Times as the demo's records carry them: UTC, whole milliseconds, no two alike."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

_STEP = timedelta(milliseconds=1)


def utc_now() -> datetime:
    """The clock of the machine, UTC."""
    return datetime.now(UTC)


def iso(at: datetime) -> str:
    """`2026-01-31T12:00:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """The time of an ISO 8601 text in UTC. Raises `ValueError`, also for a time without a zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at.astimezone(UTC)


class Ticker:
    """Gives strictly increasing times, so that a cursor on `updated_at` never skips a record."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)

    def next(self, now: datetime) -> datetime:
        """`now` in whole milliseconds, or one more than the last time given."""
        with self._lock:
            floored = now.replace(microsecond=now.microsecond // 1000 * 1000)
            self._last = max(floored, self._last + _STEP)
            return self._last
