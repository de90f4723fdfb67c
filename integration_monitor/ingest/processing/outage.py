"""A time in which nothing can be processed, told when it begins and when it ends."""

from __future__ import annotations

import logging
import threading

from integration_monitor.store.engine import StoreError

_log = logging.getLogger(__name__)


class Outage:
    """What is wrong is met again and again, by several threads: each kind of it is logged once."""

    def __init__(self) -> None:
        self._met: type[Exception] | None = None
        self._lock = threading.Lock()

    def begin(self, error: Exception) -> None:
        """Something was in the way; what is not the store's gets its traceback."""
        with self._lock:
            if self._met is not type(error):
                known = isinstance(error, StoreError)
                why = str(error) if known else f"our own mistake: {type(error).__name__}"
                _log.warning(
                    "webhooks are not processed, and tried again until they are: %s", why,
                    exc_info=None if known else error,
                )  # fmt: skip
            self._met = type(error)

    def end(self) -> None:
        """Nothing was in the way."""
        with self._lock:
            if self._met is not None:
                _log.warning("webhooks are processed again")
            self._met = None
