"""Calls counted in memory until they are taken to be stored."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from integration_monitor.store.call_batch import OTHER_TENANTS, CallCount, Exemplar

SERIES = 10_000
"""Endpoints × tenants that are counted one by one in a minute; further tenants are one."""
_KEYS = 250_000
"""Different counts between two takings; what is new beyond them is dropped, and counted so."""
_EXEMPLARS = 3
"""The last so many failing calls of a series."""
_EXEMPLAR_SERIES = 1_000
_MINUTES = 3
"""For so many minutes it is remembered which series were counted."""

_log = logging.getLogger(__name__)

Series = tuple[str, str, str]
"""Integration, endpoint, tenant."""
_Key = tuple[int, str, str, str, str, int]


@dataclass(frozen=True)
class Counted:
    """What was counted since the last taking."""

    counts: tuple[CallCount, ...]
    exemplars: tuple[Exemplar, ...]
    dropped: int
    """Calls that were not counted."""


class Counters:
    """Counts by minute, integration, endpoint, tenant, outcome and latency bucket. Thread-safe.

    The lock is held for single steps on dictionaries. It may be taken again by who has it: a
    signal's handler, or the garbage collector closing a response, may count in the midst of it.
    """

    def __init__(self, series: int = SERIES, keys: int = _KEYS) -> None:
        """`series` a minute are counted one by one; `keys` are kept at most."""
        self._most_series = series
        self._most_keys = keys
        self._told = False
        self.clear()

    def clear(self) -> None:
        """Start empty, whoever holds the lock: in the child of a fork nobody does."""
        self._lock = threading.RLock()
        self._counts: dict[_Key, int] = {}
        self._series: dict[int, set[Series]] = {}
        self._exemplars: dict[tuple[str, ...], deque[Exemplar]] = {}
        self._dropped = 0

    def add(
        self, minute: int, integration: str, endpoint: str, tenant: str, outcome: str, bucket: int
    ) -> None:
        """Count one call in a minute since 1970."""
        key = (minute, integration, endpoint, tenant, outcome, bucket)
        with self._lock:
            if key in self._counts:
                self._counts[key] += 1
            else:
                self._count_first(key)

    def keep(self, exemplar: Exemplar) -> None:
        """Keep a failing call, in place of the oldest of its series."""
        one = exemplar
        series = (one.integration, one.endpoint, one.tenant, one.outcome)
        with self._lock:
            if series not in self._exemplars and len(self._exemplars) >= _EXEMPLAR_SERIES:
                return
            self._exemplars.setdefault(series, deque(maxlen=_EXEMPLARS)).append(one)

    def drop(self, calls: int = 1) -> None:
        """Count calls of which nothing else can be kept."""
        with self._lock:
            self._dropped += calls

    def take(self) -> Counted:
        """Everything since the last taking; it is not kept here any longer."""
        with self._lock:
            counts, self._counts = self._counts, {}
            exemplars, self._exemplars = self._exemplars, {}
            dropped, self._dropped = self._dropped, 0
            for minute in sorted(self._series)[:-_MINUTES]:
                del self._series[minute]
        return Counted(
            tuple(_call_count(key, calls) for key, calls in counts.items()),
            tuple(exemplar for kept in exemplars.values() for exemplar in kept),
            dropped,
        )

    def _count_first(self, key: _Key) -> None:
        minute, integration, endpoint, tenant, outcome, bucket = key
        if not self._has_room(minute, (integration, endpoint, tenant)):
            key = (minute, integration, endpoint, OTHER_TENANTS, outcome, bucket)
        if key not in self._counts and len(self._counts) >= self._most_keys:
            self._dropped += 1
            return
        self._counts[key] = self._counts.get(key, 0) + 1

    def _has_room(self, minute: int, series: Series) -> bool:
        known = self._series.setdefault(minute, set())
        if series in known:
            return True
        if len(known) < self._most_series:
            known.add(series)
            return True
        if not self._told:
            self._told = True
            _log.warning(
                "more than %s endpoints × tenants were called in a minute: further tenants are"
                " counted together as %s",
                self._most_series,
                OTHER_TENANTS,
            )
        return False


def _call_count(key: _Key, calls: int) -> CallCount:
    minute, integration, endpoint, tenant, outcome, bucket = key
    at = datetime.fromtimestamp(minute * 60, UTC)
    return CallCount(at, integration, endpoint, tenant, outcome, bucket, calls)
