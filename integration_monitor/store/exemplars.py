"""Failing calls, the last few of each series."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from integration_monitor.store.arrays import unnest
from integration_monitor.store.call_batch import Exemplar
from integration_monitor.store.call_tables import exemplars
from integration_monitor.store.storable import storable_or_none

KEPT = 10
"""Of each integration, endpoint, tenant and outcome."""
_SERIES = ("integration", "endpoint", "tenant", "outcome")


def add(connection: sa.Connection, seen: Sequence[Exemplar]) -> None:
    """Store failing calls, and let go of those before the last `KEPT` of the same series."""
    if not seen:
        return
    rows = [_values(each) for each in seen]
    connection.execute(exemplars.insert(), rows)
    series = sorted({tuple(row[name] for name in _SERIES) for row in rows})
    each = unnest(*zip(*series, strict=True)).table_valued(*_SERIES, name="seen").render_derived()
    _trim(connection, sa.tuple_(*(exemplars.c[name] for name in _SERIES)).in_(sa.select(each)))


def exemplars_of(
    connection: sa.Connection,
    integration: str,
    *,
    endpoint: str | None = None,
    tenant: str | None = None,
    since: datetime,
) -> tuple[Exemplar, ...]:
    """Failing calls since a time, the latest first."""
    query = sa.select(exemplars).where(
        exemplars.c.integration == integration, exemplars.c.at >= since
    )
    if endpoint is not None:
        query = query.where(exemplars.c.endpoint == endpoint)
    if tenant is not None:
        query = query.where(exemplars.c.tenant == tenant)
    rows = connection.execute(query.order_by(exemplars.c.at.desc(), exemplars.c.id.desc()))
    return tuple(_exemplar(row) for row in rows)


def by_key(
    connection: sa.Connection, integration: str, keys: Collection[str]
) -> dict[str, Exemplar]:
    """The latest failing call of each record, by the record's key."""
    query = (
        sa.select(exemplars)
        .where(
            exemplars.c.integration == integration,
            exemplars.c.key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text))),
        )
        .order_by(exemplars.c.at, exemplars.c.id)
    )
    return {row.key: _exemplar(row) for row in connection.execute(query)}


def purge(connection: sa.Connection, before: datetime) -> int:
    """Delete those that are older; how many."""
    return connection.execute(exemplars.delete().where(exemplars.c.at < before)).rowcount


def _trim(connection: sa.Connection, of: sa.ColumnElement[bool]) -> None:
    latest_first = (exemplars.c.at.desc(), exemplars.c.id.desc())
    series = [exemplars.c[name] for name in _SERIES]
    number = sa.func.row_number().over(partition_by=series, order_by=latest_first)
    ranked = sa.select(exemplars.c.id, number.label("number")).where(of).subquery()
    surplus = sa.select(ranked.c.id).where(ranked.c.number > KEPT)
    # Two writers of one series must not wait for each other in a circle: the next one trims.
    free = (
        sa.select(exemplars.c.id)
        .where(exemplars.c.id.in_(surplus))
        .with_for_update(skip_locked=True)
    )
    connection.execute(exemplars.delete().where(exemplars.c.id.in_(free)))


def _values(each: Exemplar) -> dict[str, Any]:
    texts = ("integration", "endpoint", "tenant", "error_code", "request_id", "message", "key")
    return {**asdict(each), **{name: storable_or_none(getattr(each, name)) for name in texts}}


def _exemplar(row: sa.Row[Any]) -> Exemplar:
    return Exemplar(
        row.at, row.integration, row.endpoint, row.tenant, row.outcome, row.status, row.error_code,
        row.request_id, row.message, row.key,
    )  # fmt: skip
