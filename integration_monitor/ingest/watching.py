"""A transport's watch, as its arguments and the environment say; nothing is watched without."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from integration_monitor.ingest.opening import MANIFESTS, find_integration, recorder_for
from integration_monitor.ingest.recorder import Recorder
from integration_monitor.ingest.retries import Retries
from integration_monitor.ingest.spill import spill_directory
from integration_monitor.ingest.watch import Watch
from integration_monitor.manifest.calls import CallRules, RetryRules
from integration_monitor.store.engine import DATABASE_URL

if TYPE_CHECKING:
    import httpx

_WITHOUT_MANIFEST = CallRules(retry=RetryRules(attempts=1))


class WatchedCall(Protocol):
    """Who is told what becomes of a call. Nothing it does raises."""

    def answered(self, response: httpx.Response, *, is_async: bool = False) -> None:
        """The partner has answered."""

    def repeated(self, response: httpx.Response) -> None:
        """The partner has answered, but the call is made again."""

    def broke(self, error: BaseException) -> None:
        """There was no answer."""


class Watching(Protocol):
    """Who is told of calls. Nothing it does raises, or waits for anything."""

    def begin(self, request: httpx.Request) -> WatchedCall:
        """A call is about to be made."""

    def ask(self) -> None:
        """Store what was counted soon."""

    def flush(self, timeout: float) -> bool:
        """Store what was counted now; whether it was done after so many seconds."""


def opened(
    name: str, manifests: str | Path | None, store_url: str | None, recorder: Recorder | None
) -> tuple[Watching, Retries]:
    """The watch of an integration, and its rules for calls that fail.

    All transports of a process that are opened alike share them: what is sampled in a minute is
    sampled of all their calls.
    """
    directory = str(manifests) if manifests is not None else os.environ.get(MANIFESTS, "")
    if recorder is not None:
        return _opened(name, directory, recorder)
    url = store_url or os.environ.get(DATABASE_URL, "")
    return _shared(name, directory, url, spill_directory(os.environ))


@cache
def _shared(name: str, directory: str, url: str, spill: Path) -> tuple[Watching, Retries]:
    return _opened(name, directory, recorder_for(url, spill))


def _opened(name: str, directory: str, recorder: Recorder | None) -> tuple[Watching, Retries]:
    integration = find_integration(name, directory)
    watching = Watch(name, integration, recorder) if recorder else _Unwatched()
    return watching, Retries(integration.calls if integration else _WITHOUT_MANIFEST)


class _Unwatched:
    """Where there is no store."""

    def begin(self, request: httpx.Request) -> WatchedCall:
        return self

    def answered(self, response: httpx.Response, *, is_async: bool = False) -> None:
        pass

    def repeated(self, response: httpx.Response) -> None:
        pass

    def broke(self, error: BaseException) -> None:
        pass

    def ask(self) -> None:
        pass

    def flush(self, timeout: float) -> bool:
        return True
