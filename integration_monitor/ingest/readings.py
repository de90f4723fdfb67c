"""What answers say besides how a call ended: kept as it came, understood at the next flush.

A partner repeats itself in every answer, so only the last one of each kind is looked at, and not
while somebody waits for the call.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from integration_monitor.ingest.counters import Series
from integration_monitor.ingest.sampled_answers import SampledAnswer, shape_of_answers
from integration_monitor.store.call_batch import Notice, RateLimit, ShapeSeen

_MOST = 10_000
"""Endpoints × tenants whose last answer is kept."""
_SAMPLED_BYTES = 16 * 1024 * 1024
"""Of all sampled answers together."""

_log = logging.getLogger(__name__)

T = TypeVar("T")
Reader = Callable[[], Iterable[T]]
"""Understands the headers of an answer, when it is called."""


@dataclass(frozen=True)
class Read:
    """What was said since the last taking."""

    rate_limits: tuple[RateLimit, ...]
    notices: tuple[Notice, ...]
    shapes: tuple[ShapeSeen, ...]


class Readings:
    """The last answer of each kind, until it is taken. Thread-safe."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Start empty, whoever holds the lock: in the child of a fork nobody does."""
        self._lock = threading.RLock()
        self._limits: dict[Series, Reader[RateLimit]] = {}
        self._notices: dict[Series, Reader[Notice]] = {}
        self._samples: dict[tuple[str, str], list[SampledAnswer]] = {}
        self._bytes = 0

    def limits(self, series: Series, read: Reader[RateLimit]) -> None:
        """Keep an answer that says something of limits."""
        with self._lock:
            _put(self._limits, series, read)

    def notices(self, series: Series, read: Reader[Notice]) -> None:
        """Keep an answer that announces an end."""
        with self._lock:
            _put(self._notices, series, read)

    def sample(self, integration: str, endpoint: str, answer: SampledAnswer) -> None:
        """Keep an answer whose fields are to be looked at, while there is room."""
        with self._lock:
            if self._bytes + len(answer.body) <= _SAMPLED_BYTES:
                self._bytes += len(answer.body)
                self._samples.setdefault((integration, endpoint), []).append(answer)

    def take(self, now: datetime) -> Read:
        """Understand what was kept. It is not kept here any longer."""
        with self._lock:
            limits, self._limits = self._limits, {}
            notices, self._notices = self._notices, {}
            samples, self._samples = self._samples, {}
            self._bytes = 0
        return Read(
            tuple(found for read in limits.values() for found in _understood(read)),
            tuple(found for read in notices.values() for found in _understood(read)),
            tuple(
                ShapeSeen(integration, endpoint, shape, now)
                for (integration, endpoint), answers in samples.items()
                for shape in _understood(partial(shape_of_answers, answers))
            ),
        )


def _put(kept: dict[Series, Reader[T]], series: Series, read: Reader[T]) -> None:
    if series in kept or len(kept) < _MOST:
        kept[series] = read


def _understood(read: Reader[T]) -> list[T]:
    try:
        return list(read())
    except Exception:  # noqa: BLE001 - one answer must not cost the counts of all others
        _log.exception("an answer could not be understood")
        return []
