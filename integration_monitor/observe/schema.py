"""What the fields of both sides look like now, beside what they are to look like."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import get_args

import sqlalchemy as sa

from integration_monitor.manifest.domain import SINGLE, RestSide, SqlSide, Sync
from integration_monitor.observe.canonical import EPOCH
from integration_monitor.observe.columns import Column
from integration_monitor.observe.describe import describe
from integration_monitor.observe.fingerprint import digest
from integration_monitor.observe.reading import Reading, resolve
from integration_monitor.observe.run import Reconciled
from integration_monitor.observe.shape_sample import ShapeSample
from integration_monitor.observe.side import OpenSide, ReadError
from integration_monitor.signals import schema_drift
from integration_monitor.signals.mapped import Role, mapped_paths, side_of
from integration_monitor.signals.schema_drift import SchemaFacts
from integration_monitor.signals.shape import FieldShape, Shape, merge
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import baselines
from integration_monitor.store.baselines import Baseline, SideUnit
from integration_monitor.store.follow_up import follow_up

ROLES: tuple[Role, ...] = get_args(Role)
_DAY = timedelta(days=1)
_RECENT = timedelta(days=30)
_ENOUGH = 10
"""Records that are evidence of something; a page more is asked for where fewer were read."""


@dataclass(frozen=True)
class Observed:
    """What was seen of a side over one connection; without shape and error: no record came."""

    connection: str
    shape: Shape | None = None
    error: str | None = None


@dataclass(frozen=True)
class SideSchema:
    """A side's verdict, and its fields as they are now, mapped ones first."""

    verdict: Verdict
    fields: Mapping[str, FieldShape]


# --- observing -----------------------------------------------------------------------------------


def samples(sync: Sync) -> dict[Role, ShapeSample]:
    """An empty sample for each REST side."""
    return {
        role: ShapeSample(mapped_paths(sync, role), side_of(sync, role).key)
        for role in ROLES
        if isinstance(side_of(sync, role).at, RestSide)
    }


def sampled_by(reading: Reading, sample: ShapeSample | None) -> Reading:
    """A reading that shows its records to the sample."""
    return replace(reading, on_record=sample.add) if sample else reading


def top_up(side: OpenSide, sample: ShapeSample, now: datetime) -> None:
    """Ask for one page of records where too few were read; no page is no error of the reading."""
    if not side.can_list:
        return
    # The oldest records of all, of which a page would begin, may have the fields of their time.
    for start in (now - _RECENT, EPOCH) if side.filters_by_time else (EPOCH,):
        if sample.records < _ENOUGH:
            with suppress(ReadError):
                next(side.changed(start, now + _DAY), None)


def observe_side(
    sync: Sync, role: Role, results: Sequence[Reconciled], reading: Reading
) -> list[Observed]:
    """What the connections' samples show, or the columns of the table that they share."""
    at = side_of(sync, role).at
    if isinstance(at, SqlSide):
        return [_columns(at, reading)] if results else []
    return [_sampled(result, role) for result in results]


def _sampled(result: Reconciled, role: Role) -> Observed:
    sample = result.samples.get(role)
    if sample is not None and sample.records:
        # Whatever else failed: these records were seen.
        return Observed(result.unit.connection, sample.shape())
    return Observed(result.unit.connection, error=result.error)


def _columns(at: SqlSide, reading: Reading) -> Observed:
    try:
        database = reading.engines.database(resolve(at.url, reading.environ))

        def read() -> Mapping[str, Column]:
            with database.session(reading.deadline, reading.request_timeout) as connection:
                return describe(database, connection, at)

        # The side itself has read them already, unless it could not be opened.
        found = reading.engines.remember((database.address, at), read)
    except ReadError as error:
        return Observed(SINGLE, error=str(error))
    fields = {
        name.casefold(): FieldShape(
            {column.type_text: 1} if column.type_text else {}, 1, int(column.nullable or 0), 1
        )
        for name, column in found.items()
    }
    return Observed(SINGLE, Shape(fields, 1, declared=True))


# --- judging -------------------------------------------------------------------------------------


def judge_side(
    connection: sa.Connection,
    integration: str,
    sync: Sync,
    role: Role,
    observed: Sequence[Observed],
    *,
    at: datetime,
    valid_until: datetime,
    error: str | None,
) -> SideSchema:
    """Follow every connection's schema in the store, and judge the side.

    Reads the baselines under a lock: what somebody accepted meanwhile is what it judges by.
    """
    mapped = mapped_paths(sync, role)
    if error is not None:
        observed = _unlisted(connection, integration, sync, role)
    facts = [
        _follow(connection, integration, sync, role, one, at)
        for one in sorted(observed, key=lambda each: each.connection)
    ]
    if facts and error is None:
        _forget_unlisted(
            connection, integration, sync.name, role, {f.connection for f in facts}, at
        )
    verdict = schema_drift.judge(
        integration, sync, role, facts, at=at, valid_until=valid_until, error=error
    )
    shapes = [one.shape for one in observed if one.shape is not None]
    shapes = shapes or [one.baseline for one in facts if one.baseline is not None]
    return SideSchema(verdict, _fields(shapes, mapped))


def _unlisted(
    connection: sa.Connection, integration: str, sync: Sync, role: Role
) -> list[Observed]:
    """The known connections: a drift of theirs is no less known while nobody lists them."""
    known = baselines.units(connection, integration, sync.name)
    return [Observed(unit.connection) for unit in known if unit.side == role]


def _follow(
    connection: sa.Connection,
    integration: str,
    sync: Sync,
    role: Role,
    observed: Observed,
    at: datetime,
) -> SchemaFacts:
    unit = SideUnit(integration, sync.name, role, observed.connection)
    mapped, shape = mapped_paths(sync, role), observed.shape
    sampled = shape.records if shape else 0
    wanted = definition(sync, role)
    baseline = baselines.current(connection, unit)
    if baseline is not None and baseline.fingerprint != wanted:
        if shape is None:
            return SchemaFacts(unit.connection, None, error=observed.error)
        _supersede(connection, baseline, at, "the definition of the side changed")
        baseline = None
    if baseline is None:
        if shape is None:
            return SchemaFacts(unit.connection, None, error=observed.error)
        recorded = baselines.record(connection, unit, shape, fingerprint=wanted, at=at)
        return SchemaFacts(unit.connection, recorded.shape, at, is_new=True, sampled=sampled)
    changes = baselines.open_changes(connection, baseline)
    if shape is not None:
        baseline, changes = follow_up(
            connection, baseline, changes, shape, rules=sync.schema, mapped=mapped, at=at
        )
    return SchemaFacts(
        unit.connection, baseline.shape, baseline.accepted_at, sampled=sampled, changes=changes,
        error=observed.error,
    )  # fmt: skip


def definition(sync: Sync, role: Role) -> str:
    """A digest of where the side is and what it is asked: of another one, other fields come."""
    return digest(side_of(sync, role).at)


def _forget_unlisted(
    connection: sa.Connection,
    integration: str,
    sync: str,
    role: Role,
    listed: Collection[str],
    at: datetime,
) -> None:
    """Close the changes of connections that left; one that comes back is compared anew."""
    for unit in baselines.units(connection, integration, sync):
        if unit.side == role and unit.connection not in listed:
            left = baselines.current(connection, unit)
            if left is not None:
                _supersede(connection, left, at, "the connection is no longer listed")


def _supersede(connection: sa.Connection, baseline: Baseline, at: datetime, note: str) -> None:
    changes = baselines.open_changes(connection, baseline)
    baselines.close(connection, baseline, changes, "superseded", at=at, note=note)


def _fields(shapes: Sequence[Shape], mapped: Collection[str]) -> dict[str, FieldShape]:
    if not shapes:
        return {}
    together = shapes[0]
    for shape in shapes[1:]:
        together = merge(together, shape, mapped)
    found = together.fields
    order = sorted(found, key=lambda path: (path not in mapped, path))
    return {path: found[path] for path in order}
