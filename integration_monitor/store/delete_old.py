"""Deleting old rows a batch at a time, so that no transaction is long."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from integration_monitor.store.engine import Store

BATCH = 20_000
"""Rows that are deleted in one transaction."""

Old = tuple[sa.Table, sa.ColumnElement[bool]]
"""A table, and which of its rows are old."""


@dataclass(frozen=True)
class Deleted:
    """How many rows, and whether these were all."""

    rows: int
    complete: bool


def delete_old(store: Store, old: Iterable[Old], enough: Callable[[], bool]) -> Deleted:
    """Delete what is old, table by table, until `enough` says so. Raises `StoreError`."""
    deleted, complete = 0, True
    for table, is_old in old:
        while not enough():
            count = _delete_some(store, table, is_old)
            deleted += count
            if count < BATCH:
                break
        else:
            complete = False
    return Deleted(deleted, complete)


def count_old(connection: sa.Connection, old: Iterable[Old]) -> int:
    """How many rows are old."""
    return sum(
        connection.execute(sa.select(sa.func.count()).select_from(table).where(is_old)).scalar_one()
        for table, is_old in old
    )


def _delete_some(store: Store, table: sa.Table, is_old: sa.ColumnElement[bool]) -> int:
    key = list(table.primary_key)
    some = sa.select(*key).where(is_old).limit(BATCH)
    with store.begin() as connection:
        return connection.execute(table.delete().where(sa.tuple_(*key).in_(some))).rowcount
