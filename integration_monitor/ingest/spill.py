"""Batches in local files while the store is away, for this process or the next to replay."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from integration_monitor.store.call_batch import Batch

DIRECTORY = "INTEGRATION_MONITOR_SPILL"
"""The environment variable that names the directory."""
MOST_BYTES = 64 * 1024 * 1024
"""Of all files of one store together, whichever process wrote them."""
_SUFFIX = ".jsonl"

_log = logging.getLogger(__name__)
_BATCH = TypeAdapter(Batch)


def spill_directory(environ: Mapping[str, str]) -> Path:
    """Where batches are spilled: as the environment says, or a directory of the user's own."""
    named = environ.get(DIRECTORY, "")
    own = Path(tempfile.gettempdir(), f"integration_monitor-{os.getuid()}")
    return Path(named) if named else own


class Spill:
    """Files of one store in one directory. Each process appends to one of its own.

    A file is locked by the process that writes it, so that others leave it alone while that
    process lives; a lock ends with its process, however it ends. Thread-safe.
    """

    def __init__(self, directory: Path, name: str, most_bytes: int = MOST_BYTES) -> None:
        """`name` is the store's, the same in every process."""
        self._directory = directory
        self._name = name
        self._most_bytes = most_bytes
        self.forked()

    def forked(self) -> None:
        """In the child of a fork: the file is the parent's, the next one will be its own."""
        own = getattr(self, "_own", None)
        if own is not None:
            with suppress(OSError):
                os.close(own[1])
        self._lock = threading.Lock()
        self._own: tuple[Path, int] | None = None
        self._done: dict[Path, int] = {}

    def append(self, batch: Batch) -> bool:
        """Keep a batch. False where there is no room, or the file cannot be written.

        One that only says how much was dropped always has room.
        """
        line = _BATCH.dump_json(batch, exclude_defaults=True) + b"\n"
        with self._lock:
            try:
                if batch.counts and self._size() + len(line) > self._most_bytes:
                    return False
                _write(self._opened(), line)
            except OSError as error:
                _log.warning("calls cannot be kept in %s: %s", self._directory, error.strerror)
                return False
        return True

    def replay(self, deliver: Callable[[Batch], None]) -> None:
        """Deliver what is kept, oldest first, and forget each file that was delivered.

        What `deliver` raises is raised; what it did not take is delivered the next time. A last
        line that was torn by the end of its process is passed over.
        """
        for path in self._files():
            own = self._own is not None and path == self._own[0]
            descriptor = None if own else _locked(path)
            if not own and descriptor is None:
                continue
            try:
                self._replay_file(path, deliver)
                self._forget(path)
            finally:
                if descriptor is not None:
                    os.close(descriptor)

    def _replay_file(self, path: Path, deliver: Callable[[Batch], None]) -> None:
        for end, line in _lines(path, self._done.get(path, 0)):
            batch = _read(line, path)
            if batch is not None:
                deliver(batch)
            self._done[path] = end

    def _forget(self, path: Path) -> None:
        with self._lock:
            if path.stat().st_size > self._done.get(path, 0) and self._own_path() == path:
                return  # appended to meanwhile
            path.unlink(missing_ok=True)
            self._done.pop(path, None)
            if self._own is not None and self._own[0] == path:
                os.close(self._own[1])
                self._own = None

    def _own_path(self) -> Path | None:
        return self._own[0] if self._own else None

    def _opened(self) -> int:
        if self._own is None:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._directory / f"{self._name}-{time.time_ns()}-{os.getpid()}{_SUFFIX}"
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._own = (path, descriptor)
        return self._own[1]

    def _files(self) -> list[Path]:
        with suppress(OSError):
            return sorted(self._directory.glob(f"{self._name}-*{_SUFFIX}"))
        return []

    def _size(self) -> int:
        total = 0
        for path in self._files():
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total


def _locked(path: Path) -> int | None:
    """The file opened and locked; None where its process lives, or it is not ours to read."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        # Somebody else may have put a file there, where everybody may write.
        if os.fstat(descriptor).st_uid != os.getuid():
            raise PermissionError
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _write(descriptor: int, line: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if os.write(descriptor, line) < len(line):
        os.ftruncate(descriptor, size)  # or the next line would be torn, too
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _lines(path: Path, start: int) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            start += len(line)
            yield start, line


def _read(line: bytes, path: Path) -> Batch | None:
    try:
        return _BATCH.validate_json(line)
    except ValidationError:
        _log.warning("a line of %s cannot be read and is passed over", path)
        return None
