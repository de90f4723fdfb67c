"""Stretches with too many owed records to keep each of them: counts, tenants and examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.store.coverage import Unit
from integration_monitor.store.tables import owed_stretches

EXAMPLES = 50
"""Keys kept per stretch, to show and to look for."""


@dataclass(frozen=True)
class OwedStretch:
    """A half-open range of the source, how much of it is owed to whom, and example keys."""

    start: datetime
    end: datetime
    first_seen: datetime
    owed: Mapping[str, int]
    """Records owed, by tenant; exact at the last reading."""
    examples: Sequence[tuple[str, str]]
    """(tenant, key), at most `EXAMPLES`."""

    def after(self, start: datetime, told: Mapping[str, int]) -> OwedStretch:
        """What is left from `start` on, where `told` of the owed records were found before it."""
        owed = {tenant: max(n - told.get(tenant, 0), 0) for tenant, n in self.owed.items()}
        return replace(self, start=start, owed=owed)


def of_unit(connection: sa.Connection, unit: Unit) -> list[OwedStretch]:
    """The unit's stretches, least recently read first."""
    rows = connection.execute(
        sa.select(owed_stretches)
        .where(*_of(unit))
        .order_by(owed_stretches.c.looked_at, owed_stretches.c.start)
    )
    return [_stretch(row) for row in rows]


def of_sync(
    connection: sa.Connection, integration: str, sync: str
) -> list[tuple[str, OwedStretch]]:
    """All stretches of a sync, each with its connection."""
    rows = connection.execute(
        sa.select(owed_stretches)
        .where(
            owed_stretches.c.integration == integration,
            owed_stretches.c.sync == sync,
            owed_stretches.c.accepted_at.is_(None),
        )
        .order_by(owed_stretches.c.start)
    )
    return [(row.connection, _stretch(row)) for row in rows]


def save(connection: sa.Connection, unit: Unit, stretch: OwedStretch, at: datetime) -> None:
    """Keep a stretch; one that is known already keeps its first sight."""
    values = {
        "owed": dict(stretch.owed),
        "examples": [list(example) for example in stretch.examples],
        "looked_at": at,
    }
    connection.execute(
        insert(owed_stretches)
        .values(
            **asdict(unit),
            start=stretch.start,
            end=stretch.end,
            first_seen=stretch.first_seen,
            **values,
        )
        .on_conflict_do_update(
            index_elements=["integration", "sync", "connection", "start", "end"],
            index_where=owed_stretches.c.accepted_at.is_(None),
            set_=values,
        )
    )


def drop(connection: sa.Connection, unit: Unit, start: datetime, end: datetime) -> None:
    """Forget a stretch: nothing in it is owed any more, or its records are kept instead."""
    connection.execute(
        owed_stretches.delete().where(
            *_of(unit), owed_stretches.c.start == start, owed_stretches.c.end == end
        )
    )


def drop_all(connection: sa.Connection, unit: Unit) -> None:
    """Forget all stretches of a unit."""
    connection.execute(owed_stretches.delete().where(*_of(unit)))


def accept(connection: sa.Connection, unit: Unit, *, by: str, note: str, at: datetime) -> int:
    """Accept all stretches of a unit as they are; returns how many records that covers."""
    records = sum(sum(stretch.owed.values()) for stretch in of_unit(connection, unit))
    connection.execute(
        owed_stretches.update()
        .where(*_of(unit))
        .values(accepted_at=at, accepted_by=by, accepted_note=note)
    )
    return records


def accepted_ranges(connection: sa.Connection, unit: Unit) -> list[tuple[datetime, datetime]]:
    """The half-open ranges of versions that somebody accepted as lost."""
    rows = connection.execute(
        sa.select(owed_stretches.c.start, owed_stretches.c.end).where(
            owed_stretches.c.integration == unit.integration,
            owed_stretches.c.sync == unit.sync,
            owed_stretches.c.connection == unit.connection,
            owed_stretches.c.accepted_at.is_not(None),
        )
    )
    return [(row.start, row.end) for row in rows]


def _stretch(row: sa.Row[tuple[object, ...]]) -> OwedStretch:
    return OwedStretch(
        start=row.start,
        end=row.end,
        first_seen=row.first_seen,
        owed=row.owed,
        examples=tuple((tenant, key) for tenant, key in row.examples),
    )


def _of(unit: Unit) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        owed_stretches.c.integration == unit.integration,
        owed_stretches.c.sync == unit.sync,
        owed_stretches.c.connection == unit.connection,
        owed_stretches.c.accepted_at.is_(None),
    )
