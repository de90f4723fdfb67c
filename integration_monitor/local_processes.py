"""Processes and ports of the servers that run on one machine: `demo` and `dev`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import psutil

HOST = "127.0.0.1"
MARK = "INTEGRATION_MONITOR_STARTED_IN"
"""In the environment of every process that was started, and so in that of their children."""
STOP_WITHIN = 8.0
"""Seconds for processes to end by themselves."""


class ServersError(Exception):
    """The servers cannot run; the message says why and what to do."""


class Stopped(BaseException):
    """Somebody asked this process to end."""


def take_port(port: int, flag: str) -> int:
    """The port, or a free one for 0. Raises `ServersError` where it is in use."""
    try:
        with socket.create_server((HOST, port)) as listening:
            return int(listening.getsockname()[1])
    except OSError as error:
        raise ServersError(
            f"port {port} is in use already: choose another one with {flag} (0 takes a free one)"
        ) from error


@contextmanager
def stop_signals() -> Iterator[None]:
    """Within the block, Ctrl-C and SIGTERM raise `Stopped`, once; later ones change nothing."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    before = {
        number: signal.signal(number, stop)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Processes:
    """Child processes, each with a log file; leaving the block ends them and their children."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self._logs = self._directory / "logs"
        self._started: dict[str, subprocess.Popen[str]] = {}
        self._stopped = False

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        end_marked(self._directory)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        led: bool = False,
    ) -> subprocess.Popen[str]:
        """Start a process in a session of its own, so that a Ctrl-C reaches only this one.

        One that is `led` has pipes for its standard input and output.
        """
        with self.log(name).open("a") as log:
            process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                command,
                env={**environ, MARK: str(self._directory)},
                stdin=subprocess.PIPE if led else subprocess.DEVNULL,
                stdout=subprocess.PIPE if led else log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._started[name] = process
        return process

    def begin_again(self) -> None:
        """After a stop, processes may be started once more."""
        self._stopped = False

    def forget(self, name: str) -> None:
        """A process that has done its work and ended is no longer expected to run."""
        del self._started[name]

    def log(self, name: str) -> Path:
        """The log file of a process."""
        return self._logs / f"{name}.log"

    def require_running(self) -> None:
        """Raises `ServersError` where a process has ended, or all were stopped."""
        if self._stopped:
            raise ServersError("the servers were stopped")
        for name, process in self._started.items():
            if process.poll() is not None:
                raise ServersError(
                    f"{name} ended unexpectedly (exit code {process.returncode}),"
                    f" its log is {self.log(name)}{_last_line(self.log(name))}"
                )

    def stop(self) -> None:
        """End all processes and whatever they started, and wait for it."""
        self._stopped = True
        for process in self._started.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        end_by = time.monotonic() + STOP_WITHIN
        for process in self._started.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end_by - time.monotonic()))
        end_marked(self._directory)
        for process in self._started.values():
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
        self._started.clear()


def end_marked(directory: Path) -> int:
    """End every process that was started for this directory; how many there were.

    Finds those of an earlier run that was killed, and children that left their parent's group.
    """
    mark = str(directory.resolve())
    ended = 0
    while found := [process for process in psutil.process_iter() if _is_marked(process, mark)]:
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(found, timeout=5)
        ended += len(found)
    return ended


def _is_marked(process: psutil.Process, mark: str) -> bool:
    try:
        # A zombie keeps no environment; it is gone once its parent looks at it.
        return process.pid != os.getpid() and bool(process.environ().get(MARK) == mark)
    except (psutil.Error, OSError):
        return False


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"; it ends with: {lines[-1].strip()}" if lines else ""
