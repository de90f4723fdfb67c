"""The ledger: record versions that are owed to a destination, until they are closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, zip_longest
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.store.coverage import Unit
from integration_monitor.store.tables import owed

Kind = Literal["missing", "stale", "misplaced", "extra"]
SeenAt = Literal["source", "destination"]
Reason = Literal["arrived", "gone", "left_filter", "accepted", "superseded"]

_ABSENT: tuple[Kind, ...] = ("missing", "misplaced")
"""Kinds of records that the destination, as far as their tenant goes, does not hold at all."""
OWED_ROWS = 10_000
"""Above so many open rows of a sync, whole stretches are kept instead of records."""


@dataclass(frozen=True)
class Sighting:
    """A record version that was found owed (or extra), on its way into the ledger."""

    key: str
    version: datetime | None
    tenant: str
    kind: Kind
    found_tenant: str | None = None
    found_version: datetime | None = None

    @property
    def seen_at(self) -> SeenAt:
        return "destination" if self.kind == "extra" else "source"


@dataclass(frozen=True)
class Owed:
    """An open row of the ledger."""

    id: int
    key: str
    version: datetime | None
    tenant: str
    kind: Kind
    is_gap: bool
    first_seen: datetime
    absent_lookups: int


@dataclass(frozen=True)
class Update:
    """What a look-up found out about an open row."""

    id: int
    kind: Kind
    is_gap: bool
    absent_lookups: int
    found_tenant: str | None
    found_version: datetime | None


def open_rows(connection: sa.Connection, unit: Unit) -> list[Owed]:
    """What a unit owes: gaps before what is pending; of each tenants in turn, oldest first."""
    rows = connection.execute(
        sa.select(*(owed.c[name] for name in Owed.__dataclass_fields__))
        .where(*_open(unit))
        .order_by(owed.c.is_gap.desc(), owed.c.looked_at, owed.c.first_seen, owed.c.id)
        .limit(OWED_ROWS * 4)
    ).mappings()
    known = [Owed(**row) for row in rows]
    gaps = _in_turns(row for row in known if row.is_gap)
    return gaps + _in_turns(row for row in known if not row.is_gap)


def _in_turns(rows: Iterable[Owed]) -> list[Owed]:
    by_tenant: dict[str, list[Owed]] = defaultdict(list)
    for row in rows:
        by_tenant[row.tenant].append(row)
    turns = zip_longest(*by_tenant.values())
    return [row for row in chain.from_iterable(turns) if row is not None]


def open_versions(connection: sa.Connection, unit: Unit) -> set[tuple[str, str, datetime | None]]:
    """(key, tenant, version) of what a unit's source is known to owe."""
    rows = connection.execute(
        sa.select(owed.c.key, owed.c.tenant, owed.c.version).where(
            *_open(unit), owed.c.seen_at == "source"
        )
    )
    return {(row.key, row.tenant, row.version) for row in rows}


def count_open(connection: sa.Connection, integration: str, sync: str) -> int:
    """Open rows of a sync, over all its connections."""
    count = connection.execute(
        sa.select(sa.func.count()).where(
            owed.c.integration == integration, owed.c.sync == sync, owed.c.closed_at.is_(None)
        )
    )
    return count.scalar_one()


def add(
    connection: sa.Connection,
    unit: Unit,
    sightings: Sequence[Sighting],
    *,
    first_seen: datetime,
    at: datetime,
    gap_since: datetime | None = None,
) -> None:
    """Enter what was found, as gaps where `gap_since` is given and as pending where it is not.

    A version that is open already keeps its first sight; what somebody accepted stays accepted.
    """
    if not sightings:
        return
    accepted = _accepted(connection, unit, {sighting.key for sighting in sightings})
    rows = [
        {
            **asdict(unit),
            **asdict(sighting),
            "seen_at": sighting.seen_at,
            "is_gap": gap_since is not None,
            "gap_since": gap_since,
            "first_seen": first_seen,
            "looked_at": at,
        }
        for sighting in sightings
        if (sighting.key, sighting.version, sighting.seen_at) not in accepted
    ]
    if rows:
        connection.execute(insert(owed).on_conflict_do_nothing(), rows)


def update(connection: sa.Connection, updates: Sequence[Update], at: datetime) -> None:
    """Store what look-ups found out. A row that becomes a gap remembers since when."""
    if not updates:
        return
    connection.execute(
        owed.update()
        .where(owed.c.id == sa.bindparam("row_id"), owed.c.closed_at.is_(None))
        .values(
            kind=sa.bindparam("new_kind"),
            is_gap=sa.bindparam("new_is_gap"),
            absent_lookups=sa.bindparam("new_absent_lookups"),
            found_tenant=sa.bindparam("new_found_tenant"),
            found_version=sa.bindparam("new_found_version"),
            looked_at=at,
            gap_since=sa.case(
                (
                    sa.bindparam("new_is_gap", type_=sa.Boolean),
                    sa.func.coalesce(owed.c.gap_since, at),
                ),
                else_=None,
            ),
        ),
        [
            {
                ("row_id" if name == "id" else f"new_{name}"): value
                for name, value in asdict(u).items()
            }
            for u in updates
        ],
    )


def close(
    connection: sa.Connection,
    ids: Iterable[int],
    reason: Reason,
    *,
    at: datetime,
    by: str | None = None,
    note: str | None = None,
) -> int:
    """Close open rows. Gaps are kept with the reason; what was only pending is deleted."""
    wanted = list(ids)
    if not wanted:
        return 0
    rows = owed.c.id == sa.any_(sa.cast(wanted, sa.ARRAY(sa.BigInteger)))
    if reason != "accepted":
        connection.execute(owed.delete().where(rows, ~owed.c.is_gap, owed.c.closed_at.is_(None)))
    closed = connection.execute(
        owed.update()
        .where(rows, owed.c.closed_at.is_(None))
        .values(closed_at=at, closed_reason=reason, closed_by=by, closed_note=note)
    )
    return closed.rowcount


def arrived_after_all(connection: sa.Connection, unit: Unit, keys: Sequence[str]) -> None:
    """Say of accepted records that they arrived: they explain no difference of totals any more."""
    connection.execute(
        owed.update()
        .where(
            *_accepted_of(unit),
            owed.c.kind.in_(_ABSENT),
            owed.c.key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text))),
        )
        .values(closed_reason="arrived")
    )


def accepted_difference(connection: sa.Connection, unit: Unit) -> int:
    """How many records the source holds more because they were accepted as lost, less extra ones.

    A record that is owed again is not among them.
    """
    again = owed.alias()
    still_closed = ~sa.exists().where(
        again.c.integration == unit.integration,
        again.c.sync == unit.sync,
        again.c.connection == unit.connection,
        again.c.key == owed.c.key,
        again.c.seen_at == owed.c.seen_at,
        again.c.closed_at.is_(None),
    )
    records = sa.func.count(sa.distinct(owed.c.key))
    lost, extra = connection.execute(
        sa.select(
            records.filter(owed.c.kind.in_(_ABSENT)), records.filter(owed.c.kind == "extra")
        ).where(*_accepted_of(unit), still_closed)
    ).one()
    return int(lost) - int(extra)


def supersede(connection: sa.Connection, unit: Unit, note: str, at: datetime) -> int:
    """Close everything open of a unit, because what it was measured by is no longer so."""
    ids = connection.execute(sa.select(owed.c.id).where(*_open(unit))).scalars().all()
    return close(connection, ids, "superseded", at=at, note=note)


def _accepted(
    connection: sa.Connection, unit: Unit, keys: set[str]
) -> set[tuple[str, datetime | None, str]]:
    rows = connection.execute(
        sa.select(owed.c.key, owed.c.version, owed.c.seen_at).where(
            *_accepted_of(unit),
            owed.c.key == sa.any_(sa.cast(sorted(keys), sa.ARRAY(sa.Text))),
        )
    )
    return {(row.key, row.version, row.seen_at) for row in rows}


def _open(unit: Unit) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        owed.c.integration == unit.integration,
        owed.c.sync == unit.sync,
        owed.c.connection == unit.connection,
        owed.c.closed_at.is_(None),
    )


def _accepted_of(unit: Unit) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        owed.c.integration == unit.integration,
        owed.c.sync == unit.sync,
        owed.c.connection == unit.connection,
        owed.c.closed_reason == "accepted",
    )
