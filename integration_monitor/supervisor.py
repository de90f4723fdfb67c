"""Processes of our own program, kept running as long as the one that started them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from integration_monitor.supervised import END_WITHIN_S

LOOK_EVERY_S = 0.2
STEADY_AFTER_S = 60.0
"""A process that ran for so long starts again at once."""
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a process that ended starts again; the last one from then on."""


@dataclass(frozen=True)
class Child:
    """A command of `integration-monitor` that runs as a process of its own."""

    name: str
    arguments: tuple[str, ...]
    listening: socket.socket | None = None
    """A socket that it inherits. It is closed here before the child is told to end: what still
    connected to it would wait for nobody, and be cut off."""


class Supervisor:
    """Runs children within the block, and starts anew which of them ended; stops all at its end.

    A child ends by itself when this process is gone, however that happened (`supervised`).
    """

    def __init__(
        self, children: Sequence[Child], environ: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self._running = [_Running(child, environ, say) for child in children]
        self._stop = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        for one in self._running:
            one.start()
        self._watching.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._watching.join()
        for one in self._running:
            one.stop_listening()
        for one in self._running:
            one.terminate()
        end_by = time.monotonic() + END_WITHIN_S
        for one in self._running:
            one.wait(end_by)

    @property
    def process_ids(self) -> Mapping[str, int]:
        """Of the children, by their names, as they are now."""
        return {one.child.name: one.process_id for one in self._running}

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            for one in self._running:
                one.look(time.monotonic())


class _Running:
    """One child: its process, and when it is to be started again."""

    def __init__(self, child: Child, environ: Mapping[str, str], say: Callable[[str], None]):
        self.child = child
        self._environ = environ
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._failures = 0
        self._again_at: float | None = None

    @property
    def process_id(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        listening = self.child.listening
        self._process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            [sys.executable, "-m", "integration_monitor.supervised", *self.child.arguments],
            env=dict(self._environ),
            # Nothing is ever written: the child sees its end when we are gone.
            stdin=subprocess.PIPE,
            pass_fds=() if listening is None else (listening.fileno(),),
            # A Ctrl-C is for us, who then stop them in order.
            start_new_session=True,
        )
        self._started, self._again_at = time.monotonic(), None

    def look(self, now: float) -> None:
        """Start it again where it has ended, after a while."""
        if self._process is None or self._process.poll() is None:
            return
        if self._again_at is None:
            if now - self._started > STEADY_AFTER_S:
                self._failures = 0
            delay = BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
            self._failures, self._again_at = self._failures + 1, now + delay
            code = self._process.returncode
            self._say(f"{self.child.name} ended ({_how(code)}); it starts again in {delay:g} s")
        elif now >= self._again_at:
            self._let_go()
            self.start()

    def stop_listening(self) -> None:
        """Leave the socket to the child alone, which then is the one to close it."""
        if self.child.listening is not None:
            self.child.listening.close()

    def terminate(self) -> None:
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    def wait(self, end_by: float) -> None:
        """Until it has ended; it is killed where that takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, end_by - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._let_go()

    def _let_go(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
