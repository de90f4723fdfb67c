"""The access tokens of one measurement: each is fetched once, and shared by its syncs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.side import ReadError

_OWN = ("budget", "deadline")
"""What ends the reading of whoever fetched, and says nothing about the token endpoint."""


@dataclass(frozen=True)
class Token:
    """An access token. `good_until` is a little before it expires; None where that is not told."""

    value: str = field(repr=False)
    good_until: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether it can still be used."""
        return self.good_until is None or now < self.good_until


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: Token | None = None
    error: ReadError | None = None


class Tokens:
    """Thread-safe. Whoever needs a token that is being fetched waits for it.

    A failure is kept as well: the endpoint was asked patiently, and is not asked again by each
    sync of a measurement.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Hashable, _Kept] = {}

    def get(
        self,
        key: Hashable,
        fetch: Callable[[], Token],
        *,
        now: Callable[[], datetime],
        deadline: Deadline,
        unlike: Token | None = None,
    ) -> Token:
        """The token of a key; a new one where none is good, or only the refused one, `unlike`.

        Raises `ReadError`: that of `fetch`, or of kind `deadline`.
        """
        with self._held(key, deadline) as kept:
            if kept.error is not None:
                raise ReadError(kept.error.kind, str(kept.error))
            if kept.token is None or kept.token == unlike or not kept.token.is_good(now()):
                kept.token = _fetched(kept, fetch)
            return kept.token

    @contextmanager
    def _held(self, key: Hashable, deadline: Deadline) -> Iterator[_Kept]:
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
        if not kept.lock.acquire(timeout=deadline.remaining()):
            raise ReadError("deadline", "no access token within the deadline")
        try:
            yield kept
        finally:
            kept.lock.release()


def _fetched(kept: _Kept, fetch: Callable[[], Token]) -> Token:
    try:
        return fetch()
    except ReadError as error:
        if error.kind not in _OWN:
            kept.error = error
        raise
