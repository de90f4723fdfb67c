"""Measuring side by side what Dagster's in-process executor would run one after another."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from threading import Lock, Thread
from typing import Generic, TypeVar

Result = TypeVar("Result")

AT_FIRST = 2
"""Integrations measured at one time while the run does not wait for them."""
AT_ONCE = 10
"""Integrations measured at one time at most; each reads its own connections side by side."""
PATIENCE_S = 0.1
"""A run that waits longer for its next result measures one integration more at one time."""


class Prefetcher(Generic[Result]):
    """Starts all work of a run when its first op asks, and gives each op its own part.

    An op waits for its own result only, so that an exception or a partner that hangs concerns
    nobody else. Results are handed out once and then forgotten.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._lock = Lock()
        self._runs: dict[str, _Queue[Result]] = {}

    def take(self, run_id: str, name: str, work: Mapping[str, Callable[[], Result]]) -> Result:
        """The result of `work[name]`; raises what that raised.

        `work` is everything this process will be asked for in the run. A part that is asked for
        again (an op is retried) is done again.
        """
        with self._lock:
            if run_id not in self._runs:
                self._runs[run_id] = _Queue(work, self._at_once)
            run = self._runs[run_id]
            future = run.futures.pop(name, None)
        return work[name]() if future is None else run.wait_for(future)


class _Queue(Generic[Result]):
    """The parts of one run, done by a few threads, and by more where somebody has to wait.

    What answers at once is ready before it is asked for: more threads would only take turns with
    the run's own. Partners that let one wait are asked side by side.
    """

    def __init__(self, work: Mapping[str, Callable[[], Result]], at_once: int) -> None:
        self.futures: dict[str, Future[Result]] = {name: Future() for name in work}
        self._todo = deque((self.futures[name], part) for name, part in work.items())
        self._may_start = at_once
        for _ in range(min(AT_FIRST, at_once)):
            self._start_one_more()

    def wait_for(self, future: Future[Result]) -> Result:
        """The result; raises what the part raised."""
        while self._todo and self._may_start and not wait([future], PATIENCE_S).done:
            self._start_one_more()
        return future.result()

    def _start_one_more(self) -> None:
        self._may_start -= 1
        Thread(target=self._work_off, name="measure").start()

    def _work_off(self) -> None:
        while self._todo:
            try:
                future, part = self._todo.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                future.set_result(part())
            except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
                future.set_exception(error)
