"""Dagster resources."""

from __future__ import annotations

import os
from threading import Lock

import dagster as dg
from pydantic import Field

from integration_monitor.store.engine import Store, open_store, store_url

STORE = "integration_monitor_store"
"""The resource key."""


class StoreResource(dg.ConfigurableResource[Store]):
    """The database that holds verdicts, coverage, incidents and alerts."""

    url: str | None = Field(
        default=None,
        description=(
            "URL of the PostgreSQL database; give it as EnvVar, it holds a password."
            " Left out: the environment variable INTEGRATION_MONITOR_DATABASE_URL."
        ),
    )

    def open(self) -> Store:
        """The store, one a process.

        Raises `StoreError` where no database is named, it is away, or its schema is not the one
        that this version needs.
        """
        return PROCESS_STORES.open(self.url or store_url(os.environ))


class Stores:
    """The stores of a process: sensors tick every few seconds and share one pool of connections."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opened: dict[str, Store] = {}
        self._current: set[str] = set()

    def open(self, url: str) -> Store:
        """The store at a URL, of which the schema was looked at once."""
        with self._lock:
            if url not in self._opened:
                self._opened[url] = open_store(url)
            store = self._opened[url]
        if url not in self._current:
            _require_current(store)
            self._current.add(url)
        return store

    def close(self) -> None:
        """Close all connections and forget the stores."""
        with self._lock:
            for store in self._opened.values():
                store.dispose()
            self._opened.clear()
            self._current.clear()


def _require_current(store: Store) -> None:
    # Imported late: a code location loads without the migrations.
    from integration_monitor.store.migrate import require_current

    require_current(store)


PROCESS_STORES = Stores()
"""Those of this process."""
