"""Calls into Dagster's event log storage that are not documented as public.

Apart from `dagster_internals`, because a code location must not load what only `db` needs.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import sqlalchemy as sa
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

__all__ = [
    "AssetCheckExecutionsTable",
    "AssetEventTagsTable",
    "SqlEventLogStorage",
    "SqlEventLogStorageTable",
    "has_run_shard",
    "run_shard",
]


def run_shard(storage: SqlEventLogStorage, run_id: str) -> AbstractContextManager[sa.Connection]:
    """A transaction on the database that holds the events of one run alone; see `has_run_shard`."""
    shard: AbstractContextManager[sa.Connection] = storage.run_connection(run_id)
    return shard


def has_run_shard(storage: SqlEventLogStorage, run_id: str) -> bool:
    """Whether a run has a database of its own, as on SQLite. Asking for one would create it."""
    if not isinstance(storage, SqliteEventLogStorage):
        return False
    return Path(storage.path_for_shard(run_id)).exists()
