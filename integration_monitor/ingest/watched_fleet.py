"""The manifests that a long-running server knows, followed on disk."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from integration_monitor.manifest.domain import Fleet
from integration_monitor.manifest.load import (
    FileText,
    ManifestDirectoryError,
    load_texts,
    read_directory,
)

LOOK_EVERY_S = 10.0
_log = logging.getLogger(__name__)


class WatchedFleet:
    """The fleet of a directory as it is now; looks at most every few seconds.

    A manifest that breaks later counts as it was before. Safe to use from several threads. The
    first reading raises `ManifestDirectoryError`; a directory that goes away later is only logged.
    """

    def __init__(self, directory: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._clock = clock
        self._lock = threading.Lock()
        self._texts = read_directory(directory)
        self._fleet = load_texts(self._texts, directory=str(directory))
        self._looked = clock()

    def current(self) -> Fleet:
        """The fleet; the same object as long as no file changes."""
        # Who comes while another thread reads takes what is there.
        if self._clock() - self._looked >= LOOK_EVERY_S and self._lock.acquire(blocking=False):
            try:
                self._look()
                self._looked = self._clock()
            finally:
                self._lock.release()
        return self._fleet

    def _look(self) -> None:
        try:
            texts: dict[str, FileText] = read_directory(self._directory)
        except ManifestDirectoryError as error:
            _log.warning("%s; going on with what was read before", error)
            return
        if texts != self._texts:
            self._fleet = _keep_broken(
                load_texts(texts, directory=str(self._directory)), self._fleet
            )
            self._texts = texts


def _keep_broken(fleet: Fleet, before: Fleet) -> Fleet:
    """Calls to a partner go on while somebody mistypes its manifest."""
    broken = {manifest.file for manifest in fleet.broken}
    known = {integration.name for integration in fleet.integrations}
    kept = [one for one in before.integrations if one.file in broken and one.name not in known]
    return replace(fleet, integrations=(*fleet.integrations, *kept))
