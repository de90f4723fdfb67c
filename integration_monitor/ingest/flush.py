"""A thread that stores what was counted, each interval and at the end of the process."""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Callable
from datetime import timedelta

INTERVAL = timedelta(seconds=5)
"""What the end of a process by `kill -9` may cost."""
_AT_EXIT_S = 8.0


class Flusher:
    """Repeats a step in the background until the process ends. The step must not raise."""

    def __init__(
        self, step: Callable[[], None], given_up: Callable[[], None], interval: timedelta = INTERVAL
    ) -> None:
        """`given_up` is called at the end of the process where the last step does not end."""
        self._step = step
        self._given_up = given_up
        self._interval = interval.total_seconds()
        self.forked()

    def forked(self) -> None:
        """In the child of a fork: its parent's thread is not there, its own not yet."""
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._turn = threading.Condition()
        self._asked = 0
        self._done = 0
        self._ending = False

    def start(self) -> None:
        """Start the thread, unless it runs."""
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="integration_monitor", daemon=True)
            thread.start()
            self._thread = thread
            _at_exit(self._end)

    def ask(self) -> None:
        """Have a step done soon."""
        with self._turn:
            self._asked += 1
            self._turn.notify_all()

    def flush(self, timeout: float) -> bool:
        """Have a step done now; whether it was done after so many seconds."""
        if self._thread is None:
            return True
        with self._turn:
            self._asked += 1
            wanted = self._asked
            self._turn.notify_all()
            return self._turn.wait_for(lambda: self._done >= wanted, timeout)

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._asked > self._done, self._interval)
                answering = self._asked
                ending = self._ending
            self._step()
            with self._turn:
                self._done = answering
                self._turn.notify_all()
            if ending:
                return

    def _end(self) -> None:
        thread = self._thread
        if thread is None or self._ending:
            return
        with self._turn:
            self._ending = True
        if not self.flush(_AT_EXIT_S):
            self._given_up()


def _at_exit(end: Callable[[], None]) -> None:
    atexit.register(end)
    # The processes that multiprocessing starts end without looking at atexit.
    multiprocessing = sys.modules.get("multiprocessing.util")
    if multiprocessing is not None:
        multiprocessing.Finalize(None, end, exitpriority=10)
