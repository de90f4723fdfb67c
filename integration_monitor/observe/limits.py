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
    """A number of requests that one measurement of one connection may make."""

    def __init__(self, requests: int) -> None:
        self.used = 0
        self._most = requests
        self._cap = requests
        self._lock = threading.Lock()

    def take(self) -> None:
        """Use one request. Raises `ReadError` of kind `budget` where none is left."""
        with self._lock:
            if self.used >= self._cap:
                raise ReadError("budget", f"the budget of {self._most} requests is used up")
            self.used += 1

    @contextmanager
    def at_most(self, share: float) -> Iterator[None]:
        """Within the block only this share of what is left may be used; blocks may be nested."""
        outer = self._cap
        self._cap = self.used + int((outer - self.used) * share)
        try:
            yield
        finally:
            self._cap = outer


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
