"""Accepted schemas and how the observed ones differ; every acceptance is kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from integration_monitor.signals.schema_changes import Change, Closed, accept
from integration_monitor.signals.shape import Shape, as_json, fields_of, shape_of
from integration_monitor.store.tables import baselines, schema_changes

Side = Literal["source", "destination", "response"]


@dataclass(frozen=True, order=True)
class SideUnit:
    """One end of a sync, for one connection; `-` for a table, which all connections share.

    Of the answers to calls: sync `api`, side `response`, and the endpoint for a connection.
    """

    integration: str
    sync: str
    side: Side
    connection: str


@dataclass(frozen=True)
class Baseline:
    """The shape that a side is to have."""

    id: int
    unit: SideUnit
    fingerprint: str
    """Of the side's definition: another one has another baseline."""
    shape: Shape
    accepted_at: datetime
    accepted_by: str | None
    """None where it was recorded at first sight."""
    note: str | None
    superseded_at: datetime | None


@dataclass(frozen=True)
class StoredChange:
    """A change with what became of it."""

    change: Change
    last_seen: datetime
    closed_at: datetime | None
    closed_reason: str | None
    closed_by: str | None
    closed_note: str | None


def current(connection: sa.Connection, unit: SideUnit) -> Baseline | None:
    """The baseline in force, None before the first one.

    The sync's baselines are locked until the transaction ends: what is judged by one of them, and
    what somebody accepts, are one after the other.
    """
    # A row lock does not do: whoever waited for it would find the row superseded, and no other.
    lock = sa.func.pg_advisory_xact_lock(
        sa.func.hashtext(unit.integration), sa.func.hashtext(f"{unit.sync} baselines")
    )
    connection.execute(sa.select(lock))
    query = sa.select(baselines).where(*_of(unit), baselines.c.superseded_at.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else baseline_of(row)


def record(
    connection: sa.Connection,
    unit: SideUnit,
    shape: Shape,
    *,
    fingerprint: str,
    at: datetime,
    by: str | None = None,
    note: str | None = None,
) -> Baseline:
    """Put a baseline in force; the one before is kept as history."""
    connection.execute(
        baselines.update()
        .where(*_of(unit), baselines.c.superseded_at.is_(None))
        .values(superseded_at=at)
    )
    values = {
        **asdict(unit), "fingerprint": fingerprint, "shape": as_json(shape),
        "accepted_at": at, "accepted_by": by, "note": note,
    }  # fmt: skip
    statement = baselines.insert().values(values).returning(baselines)
    return baseline_of(connection.execute(statement).one())


def learn(connection: sa.Connection, baseline: Baseline, shape: Shape) -> None:
    """Keep what the baseline in force learnt: how often its fields are there."""
    if shape != baseline.shape:
        connection.execute(
            baselines.update().where(baselines.c.id == baseline.id).values(shape=as_json(shape))
        )


def open_changes(connection: sa.Connection, baseline: Baseline) -> tuple[Change, ...]:
    """What differs from the baseline, by path."""
    query = (
        sa.select(schema_changes)
        .where(schema_changes.c.baseline_id == baseline.id, schema_changes.c.closed_at.is_(None))
        .order_by(schema_changes.c.path, schema_changes.c.kind)
    )
    return tuple(change_of(row) for row in connection.execute(query))


def save_changes(
    connection: sa.Connection, baseline: Baseline, changes: Sequence[Change], at: datetime
) -> tuple[Change, ...]:
    """Insert or update open changes; returns them with their `first_seen`."""
    known = {change.name for change in open_changes(connection, baseline)}
    for change in changes:
        values = _row(change, at)
        if change.name in known:
            where = _open(baseline, change)
            connection.execute(schema_changes.update().where(*where).values(values))
        else:
            values |= {"baseline_id": baseline.id, "first_seen": at}
            connection.execute(schema_changes.insert().values(values))
    return open_changes(connection, baseline)


def close(
    connection: sa.Connection,
    baseline: Baseline,
    changes: Sequence[Change],
    reason: Closed,
    *,
    at: datetime,
    by: str | None = None,
    note: str | None = None,
) -> None:
    """Close changes with a reason; they stay as history."""
    for change in changes:
        connection.execute(
            schema_changes.update()
            .where(*_open(baseline, change))
            .values(closed_at=at, closed_reason=reason, closed_by=by, closed_note=note)
        )


def accept_changes(
    connection: sa.Connection,
    unit: SideUnit,
    *,
    by: str,
    note: str,
    at: datetime,
    mapped: Collection[str] = (),
) -> int:
    """Make the open changes, as last observed, part of a new baseline; how many there were.

    A measurement that is on judges what it sees by this new baseline.
    """
    baseline = current(connection, unit)
    changes = open_changes(connection, baseline) if baseline else ()
    if baseline is None or not changes:
        return 0
    close(connection, baseline, changes, "accepted", at=at, by=by, note=note)
    shape = accept(baseline.shape, changes, mapped)
    record(connection, unit, shape, fingerprint=baseline.fingerprint, at=at, by=by, note=note)
    return len(changes)


def units(connection: sa.Connection, integration: str, sync: str) -> list[SideUnit]:
    """The sides and connections of a sync that have a baseline."""
    query = sa.select(baselines.c.side, baselines.c.connection).where(
        baselines.c.integration == integration,
        baselines.c.sync == sync,
        baselines.c.superseded_at.is_(None),
    )
    found = connection.execute(query)
    return sorted(SideUnit(integration, sync, row.side, row.connection) for row in found)


def history(connection: sa.Connection, integration: str, sync: str) -> list[Baseline]:
    """Every baseline of a sync, by side and connection, the newest first."""
    query = (
        sa.select(baselines)
        .where(baselines.c.integration == integration, baselines.c.sync == sync)
        .order_by(baselines.c.side.desc(), baselines.c.connection, baselines.c.id.desc())
    )
    return [baseline_of(row) for row in connection.execute(query)]


def changes_of(connection: sa.Connection, baseline: Baseline) -> list[StoredChange]:
    """All changes from a baseline, open and closed, in the order of their first sight."""
    query = (
        sa.select(schema_changes)
        .where(schema_changes.c.baseline_id == baseline.id)
        .order_by(schema_changes.c.first_seen, schema_changes.c.path, schema_changes.c.kind)
    )
    return [
        StoredChange(
            change_of(row), row.last_seen, row.closed_at, row.closed_reason, row.closed_by,
            row.closed_note,
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def _of(unit: SideUnit) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(baselines.c[name] == value for name, value in asdict(unit).items())


def _open(baseline: Baseline, change: Change) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        schema_changes.c.baseline_id == baseline.id,
        schema_changes.c.path == change.path,
        schema_changes.c.kind == change.kind,
        schema_changes.c.closed_at.is_(None),
    )


def baseline_of(row: sa.Row[Any]) -> Baseline:
    """The baseline of a row of its table."""
    unit = SideUnit(row.integration, row.sync, row.side, row.connection)
    return Baseline(
        row.id, unit, row.fingerprint, shape_of(row.shape), row.accepted_at, row.accepted_by,
        row.note, row.superseded_at,
    )  # fmt: skip


def change_of(row: sa.Row[Any]) -> Change:
    """The change of a row of its table."""
    return Change(
        row.path, row.kind, row.was, row.now, row.example, fields_of(row.fields), row.hits, row.of,
        row.clean, row.first_seen,
    )  # fmt: skip


def _row(change: Change, at: datetime) -> dict[str, Any]:
    values = asdict(change)
    del values["first_seen"]
    return {**values, "last_seen": at}
