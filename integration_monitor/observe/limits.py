"""What one measurement may use: time, requests, connections to a host."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from integration_monitor.observe.side import ReadError


class Deadline:
    """A point in monotonic time after which nothing is read or written any more."""

    def __init__(self, after: timedelta, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._at = monotonic() + after.total_seconds()
        self._after = after

    def remaining(self) -> float:
        """Seconds left. Raises `ReadError` of kind `deadline` where none are."""
        left = self._at - self._monotonic()
        if left <= 0:
            raise ReadError("deadline", f"not finished within {self._after.total_seconds():g} s")
        return left


class Budget:
    """A number of requests. A part of it can be set aside, which the whole pays for too."""

    def __init__(self, requests: int, whole: Budget | None = None) -> None:
        self._left = requests
        self._whole = whole
        self._lock = threading.Lock()
        self.used = 0

    def take(self) -> None:
        """Use one request. Raises `ReadError` of kind `budget` where none is left."""
        with self._lock:
            if self._left <= 0:
                raise ReadError("budget", f"the budget of {self.used} requests is used up")
            self._left -= 1
            self.used += 1
        if self._whole is not None:
            self._whole.take()

    @property
    def left(self) -> int:
        return self._left


class HostLimits:
    """At most so many requests under way per host, shared by the connections of an integration."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._lock = threading.Lock()
        self._hosts: dict[str, threading.Semaphore] = {}

    @contextmanager
    def slot(self, host: str, deadline: Deadline) -> Iterator[None]:
        """Hold one of the host's places; waits until the deadline for it."""
        with self._lock:
            semaphore = self._hosts.setdefault(host, threading.Semaphore(self._at_once))
        if not semaphore.acquire(timeout=deadline.remaining()):
            deadline.remaining()
        try:
            yield
        finally:
            semaphore.release()
