"""Dagster resources."""

from __future__ import annotations

import os
from functools import cache

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
        """The store, one a process. Raises `StoreError` where no database is named."""
        return _open(self.url or store_url(os.environ))


# One pool of connections a process: sensors tick every few seconds and share it with each other.
_open = cache(open_store)
