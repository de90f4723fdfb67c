"""Measuring side by side what Dagster's in-process executor would run one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Generic, TypeVar

Result = TypeVar("Result")

AT_ONCE = 10
"""Integrations measured at one time in a process; each reads its own connections side by side."""


class Prefetcher(Generic[Result]):
    """Starts all work of a run when its first op asks, and gives each op its own part.

    An op waits for its own result only, so that an exception or a partner that hangs concerns
    nobody else. Results are handed out once and then forgotten.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._lock = Lock()
        self._runs: dict[str, dict[str, Future[Result]]] = {}

    def take(self, run_id: str, name: str, work: Mapping[str, Callable[[], Result]]) -> Result:
        """The result of `work[name]`; raises what that raised.

        `work` is everything this process will be asked for in the run. A part that is asked for
        again (an op is retried) is done again.
        """
        with self._lock:
            if run_id not in self._runs:
                self._runs[run_id] = self._start(work)
            future = self._runs[run_id].pop(name, None)
        return work[name]() if future is None else future.result()

    def _start(self, work: Mapping[str, Callable[[], Result]]) -> dict[str, Future[Result]]:
        workers = max(1, min(self._at_once, len(work)))
        pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="measure")
        started = {name: pool.submit(part) for name, part in work.items()}
        pool.shutdown(wait=False)
        return started
