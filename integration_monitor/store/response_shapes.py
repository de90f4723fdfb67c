"""Fields of sampled answers: those that wait to be compared, and what endpoints are known for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from integration_monitor.signals.response_schema import EndpointFields
from integration_monitor.signals.schema_changes import Change
from integration_monitor.signals.shape import Shape, merge, shape_of
from integration_monitor.signals.verdict import API
from integration_monitor.store.arrays import each_text
from integration_monitor.store.baselines import Baseline, SideUnit, baseline_of, change_of
from integration_monitor.store.call_tables import response_shapes
from integration_monitor.store.tables import baselines, schema_changes

SIDE = "response"
MERGED = 20
"""Samples of an endpoint that are looked at together; older ones that waited too are dropped."""


@dataclass(frozen=True)
class Known:
    """The baseline of an endpoint with what differs from it."""

    baseline: Baseline
    changes: tuple[Change, ...]


def unit(integration: str, endpoint: str) -> SideUnit:
    """The unit under which baselines of an endpoint's answers are kept."""
    return SideUnit(integration, API, "response", endpoint)


def take(
    connection: sa.Connection, integrations: Collection[str], most: int
) -> Mapping[tuple[str, str], Shape]:
    """Take out the samples that wait longest, by integration and endpoint, merged.

    What another transaction is taking at this moment is left to it.
    """
    waiting = (
        sa.select(response_shapes.c.id)
        .where(_of(response_shapes.c.integration, integrations))
        .order_by(response_shapes.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(
        response_shapes.delete()
        .where(response_shapes.c.id.in_(waiting.scalar_subquery()))
        .returning(response_shapes)
    ).all()
    found: defaultdict[tuple[str, str], list[sa.Row[Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.id):
        found[row.integration, row.endpoint].append(row)
    return {
        endpoint: _merged(shape_of(row.shape) for row in samples[-MERGED:])
        for endpoint, samples in found.items()
    }


def drop_older(connection: sa.Connection, integrations: Collection[str], than: datetime) -> None:
    """Delete the samples that waited since before `than`, but those that somebody is taking."""
    old = (
        sa.select(response_shapes.c.id)
        .where(_of(response_shapes.c.integration, integrations), response_shapes.c.seen_at < than)
        .with_for_update(skip_locked=True)
    )
    connection.execute(
        response_shapes.delete().where(response_shapes.c.id.in_(old.scalar_subquery()))
    )


def known(
    connection: sa.Connection, endpoints: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Known]:
    """The baselines in force, locked until the transaction ends, as `baselines.current` does."""
    if not endpoints:
        return {}
    names = sorted({integration for integration, _ in endpoints})
    each = each_text(names)
    lock = sa.func.pg_advisory_xact_lock(
        sa.func.hashtext(each), sa.func.hashtext(f"{API} baselines")
    )
    connection.execute(sa.select(lock))
    query = sa.select(baselines).where(
        *_current(names),
        sa.tuple_(baselines.c.integration, baselines.c.connection).in_(sorted(endpoints)),
    )
    current = [baseline_of(row) for row in connection.execute(query)]
    changes = _open_changes(connection, [baseline.id for baseline in current])
    return {
        (baseline.unit.integration, baseline.unit.connection): Known(
            baseline, tuple(changes.get(baseline.id, ()))
        )
        for baseline in current
    }


def of_fleet(
    connection: sa.Connection, integrations: Collection[str]
) -> Mapping[str, Sequence[EndpointFields]]:
    """What is known of each integration's answers, by endpoint; without the shapes themselves."""
    paths = sa.func.jsonb_object_keys(baselines.c.shape["fields"]).table_valued("path")
    fields = sa.select(sa.func.count()).select_from(paths).correlate(baselines)
    query = (
        sa.select(
            baselines.c.id,
            baselines.c.integration,
            baselines.c.connection,
            baselines.c.accepted_at,
            baselines.c.shape["records"].as_integer().label("answers"),
            fields.scalar_subquery().label("fields"),
        )
        .where(*_current(integrations))
        .order_by(baselines.c.integration, baselines.c.connection)
    )
    rows = connection.execute(query).all()
    changes = _open_changes(connection, [row.id for row in rows])
    found: defaultdict[str, list[EndpointFields]] = defaultdict(list)
    for row in rows:
        differs = changes.get(row.id, ())
        found[row.integration].append(
            EndpointFields(row.connection, row.fields, row.answers, row.accepted_at, differs)
        )
    return found


def _open_changes(
    connection: sa.Connection, baseline_ids: Sequence[int]
) -> Mapping[int, Sequence[Change]]:
    found: defaultdict[int, list[Change]] = defaultdict(list)
    if baseline_ids:
        query = (
            sa.select(schema_changes)
            .where(
                schema_changes.c.baseline_id
                == sa.any_(sa.cast([*baseline_ids], sa.ARRAY(sa.BigInteger))),
                schema_changes.c.closed_at.is_(None),
            )
            .order_by(schema_changes.c.path, schema_changes.c.kind)
        )
        for row in connection.execute(query):
            found[row.baseline_id].append(change_of(row))
    return found


def _current(integrations: Collection[str]) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _of(baselines.c.integration, integrations),
        baselines.c.sync == API,
        baselines.c.side == SIDE,
        baselines.c.superseded_at.is_(None),
    )


def _of(column: sa.ColumnElement[str], integrations: Collection[str]) -> sa.ColumnElement[bool]:
    return column == sa.any_(sa.cast([*integrations], sa.ARRAY(sa.Text)))


def _merged(shapes: Iterable[Shape]) -> Shape:
    first, *rest = shapes
    for shape in rest:
        first = merge(first, shape)
    return first
