"""Batches of calls for tests, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from integration_monitor.store.call_batch import Batch, CallCount
from integration_monitor.store.engine import Store

NOW = datetime(2026, 3, 1, 0, 0, 30, tzinfo=UTC)
MINUTE = NOW.replace(second=0)


def count(minute: datetime = MINUTE, tenant: str = "acme", n: int = 1, **other: Any) -> CallCount:
    values = {"integration": "crm", "endpoint": "contacts", "outcome": "ok", "bucket": 7}
    return CallCount(minute=minute, tenant=tenant, calls=n, **{**values, **other})


def batch(*counts: CallCount, name: str = "b1", **other: Any) -> Batch:
    return Batch(name, "worker-1", counts, **other)


def rows(store: Store, table: sa.Table) -> Sequence[sa.Row[Any]]:
    with store.begin() as connection:
        return connection.execute(sa.select(table)).all()


def total(store: Store, table: sa.Table) -> int:
    return sum(row.calls for row in rows(store, table))
