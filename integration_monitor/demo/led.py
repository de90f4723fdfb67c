"""A child process that is led over its standard input and answers on its standard output."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import IO, NoReturn

from integration_monitor.local_processes import ServersError


class Led:
    """The leading end: one line there, one line back."""

    def __init__(
        self, name: str, process: subprocess.Popen[str], why: Callable[[], None] = lambda: None
    ) -> None:
        """`why` is called when the process has ended: it may raise a better error."""
        self._name = name
        self._process = process
        self._why = why

    def ask(self, line: str) -> str:
        """Say something and wait for the answer. Raises `ServersError` where it has ended."""
        try:
            self._pipe(self._process.stdin).write(line + "\n")
            self._pipe(self._process.stdin).flush()
        except BrokenPipeError:
            self._ended()
        return self.listen()

    def listen(self) -> str:
        """The next line it says. Raises `ServersError` where it has ended."""
        line = self._pipe(self._process.stdout).readline()
        if not line:
            self._ended()
        return line.strip()

    def end(self) -> None:
        """Let it end by itself: it has nothing more to do."""
        self._pipe(self._process.stdin).close()
        self._process.wait(timeout=30)

    def _ended(self) -> NoReturn:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        self._why()
        raise ServersError(f"the {self._name} has ended unexpectedly")

    def _pipe(self, pipe: IO[str] | None) -> IO[str]:
        if pipe is None:
            raise ServersError(f"the {self._name} is not led")
        return pipe


def say(line: str) -> None:
    """The led end: answer the one who leads."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
