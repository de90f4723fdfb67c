"""Coverage: up to when a sync's source was read, per connection; and how much was expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.store.tables import coverage, volumes


@dataclass(frozen=True, order=True)
class Unit:
    """What is reconciled as one: a sync of an integration, for one connection."""

    integration: str
    sync: str
    connection: str


@dataclass(frozen=True)
class Coverage:
    """What is known of a unit's reading. Precisions are in microseconds, the finest ever seen."""

    fingerprint: str
    covered_to: datetime | None = None
    source_now: datetime | None = None
    source_watermark: datetime | None = None
    source_precision_us: int | None = None
    destination_precision_us: int | None = None
    source_records: int | None = None
    destination_records: int | None = None
    unexplained: int | None = None
    """Difference of the totals that the ledger does not explain, in the latest run."""
    accepted_difference: int = 0
    source_etag: str | None = None
    """By which the source tells that nothing changed since; None where it has to be read."""


def load(connection: sa.Connection, unit: Unit) -> Coverage | None:
    """The unit's coverage, None before its first run."""
    row = connection.execute(sa.select(coverage).where(*_of(unit))).mappings().one_or_none()
    if row is None:
        return None
    return Coverage(**{name: row[name] for name in Coverage.__dataclass_fields__})


def save(connection: sa.Connection, unit: Unit, state: Coverage, at: datetime) -> None:
    """Replace the unit's coverage, except for what somebody accepted while it was read."""
    values = {**asdict(state), "read_at": at}
    statement = insert(coverage).values(**asdict(unit), **values)
    read = {name: value for name, value in values.items() if name != "accepted_difference"}
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(asdict(unit)), set_=read)
    )


def known_connections(connection: sa.Connection, integration: str, sync: str) -> set[str]:
    """The connections of a sync that were ever read."""
    found = connection.execute(
        sa.select(coverage.c.connection).where(
            coverage.c.integration == integration, coverage.c.sync == sync
        )
    )
    return set(found.scalars())


def unread_units(connection: sa.Connection, since: datetime) -> list[Unit]:
    """The units that were not read since a time."""
    columns = coverage.c.integration, coverage.c.sync, coverage.c.connection
    rows = connection.execute(sa.select(*columns).where(coverage.c.read_at < since))
    return sorted(Unit(*row) for row in rows)


def add_volumes(
    connection: sa.Connection, unit: Unit, counts: Mapping[tuple[str, datetime], int]
) -> None:
    """Add numbers of expected record versions by (tenant, hour of their `updated_at`)."""
    if not counts:
        return
    rows = [
        {**asdict(unit), "tenant": tenant, "hour": hour, "records": n}
        for (tenant, hour), n in sorted(counts.items())
    ]
    statement = insert(volumes)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[column.name for column in volumes.primary_key],
            set_={"records": volumes.c.records + statement.excluded.records},
        ),
        rows,
    )


def expected(
    connection: sa.Connection, integration: str, sync: str, since: datetime
) -> dict[tuple[str, str], int]:
    """Record versions expected since a time, by (connection, tenant)."""
    rows = connection.execute(
        sa.select(volumes.c.connection, volumes.c.tenant, sa.func.sum(volumes.c.records))
        .where(
            volumes.c.integration == integration,
            volumes.c.sync == sync,
            volumes.c.hour >= since,
        )
        .group_by(volumes.c.connection, volumes.c.tenant)
    )
    return {(name, tenant): int(n) for name, tenant, n in rows}


def accept_difference(connection: sa.Connection, unit: Unit, records: int) -> None:
    """Count so many records more at the source as accepted, negative ones as extra."""
    connection.execute(
        coverage.update()
        .where(*_of(unit))
        .values(accepted_difference=coverage.c.accepted_difference + records)
    )


def accept_totals(connection: sa.Connection, unit: Unit) -> int:
    """Accept the difference of totals of the latest run; returns it (source minus destination)."""
    state = load(connection, unit)
    unexplained = (state.unexplained or 0) if state else 0
    accept_difference(connection, unit, unexplained)
    connection.execute(coverage.update().where(*_of(unit)).values(unexplained=0))
    return unexplained


def read_again_from(connection: sa.Connection, unit: Unit, start: datetime) -> None:
    """Set a unit's coverage back; what was counted as expected since then will be again."""
    connection.execute(
        coverage.update()
        .where(*_of(unit), coverage.c.covered_to > start)
        .values(covered_to=start, source_etag=None)
    )
    connection.execute(
        volumes.delete().where(
            volumes.c.integration == unit.integration,
            volumes.c.sync == unit.sync,
            volumes.c.connection == unit.connection,
            volumes.c.hour >= start,
        )
    )


def restart(connection: sa.Connection, unit: Unit) -> None:
    """Forget a unit's coverage and volumes: its definition changed."""
    connection.execute(coverage.delete().where(*_of(unit)))
    connection.execute(
        volumes.delete().where(
            volumes.c.integration == unit.integration,
            volumes.c.sync == unit.sync,
            volumes.c.connection == unit.connection,
        )
    )


def _of(unit: Unit) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        coverage.c.integration == unit.integration,
        coverage.c.sync == unit.sync,
        coverage.c.connection == unit.connection,
    )
