"""What the ledger holds open of a sync, as it is judged and as people read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.store.ledger import Kind
from integration_monitor.store.tables import owed


@dataclass(frozen=True)
class TenantOwed:
    """Open rows of one tenant of one connection. `oldest` is the oldest version owed."""

    connection: str
    tenant: str
    gaps: Mapping[Kind, int]
    """Distinct records by kind."""
    pending: int
    oldest: datetime | None
    missing_at_destination: int
    """Records, pending or gaps, that the destination does not have at all: they lower its total."""
    extra_at_destination: int


def summary(connection: sa.Connection, integration: str, sync: str) -> list[TenantOwed]:
    """What is open of a sync, by connection and tenant. A record counts once, at its worst kind."""
    worst = sa.case(
        {"misplaced": 0, "missing": 1, "stale": 2, "extra": 3}, value=owed.c.kind, else_=4
    )
    records = (
        sa.select(
            owed.c.connection,
            owed.c.tenant,
            owed.c.key,
            owed.c.kind,
            owed.c.is_gap,
            sa.func.min(sa.func.coalesce(owed.c.version, owed.c.first_seen))
            .filter(owed.c.seen_at == "source")
            .over(partition_by=(owed.c.connection, owed.c.tenant))
            .label("oldest"),
            sa.func.row_number()
            .over(
                partition_by=(owed.c.connection, owed.c.tenant, owed.c.key, owed.c.seen_at),
                order_by=(owed.c.is_gap.desc(), worst, owed.c.id),
            )
            .label("turn"),
        )
        .where(owed.c.integration == integration, owed.c.sync == sync, owed.c.closed_at.is_(None))
        .subquery()
    )
    rows = connection.execute(
        sa.select(
            records.c.connection,
            records.c.tenant,
            records.c.kind,
            records.c.is_gap,
            sa.func.min(records.c.oldest).label("oldest"),
            sa.func.count().label("n"),
        )
        .where(records.c.turn == 1)
        .group_by(records.c.connection, records.c.tenant, records.c.kind, records.c.is_gap)
    )
    grouped: dict[tuple[str, str], list[sa.Row[tuple[object, ...]]]] = defaultdict(list)
    for row in rows:
        grouped[row.connection, row.tenant].append(row)
    return [_tenant(name, tenant, found) for (name, tenant), found in sorted(grouped.items())]


@dataclass(frozen=True)
class GapRow:
    """An open gap as people read it."""

    id: int
    connection: str
    tenant: str
    key: str
    kind: Kind
    version: datetime | None
    found_tenant: str | None
    found_version: datetime | None
    first_seen: datetime
    gap_since: datetime | None


def gaps(
    connection: sa.Connection,
    integration: str,
    sync: str,
    *,
    tenant: str | None = None,
    keys: Sequence[str] = (),
    per_tenant: int | None = None,
    rather: Collection[int] = (),
) -> list[GapRow]:
    """Open gaps of a sync by tenant, oldest first.

    At most `per_tenant` of each: those whose ids are in `rather`, then the oldest.
    """
    columns = [owed.c[name] for name in GapRow.__dataclass_fields__]
    turn = sa.func.row_number().over(
        partition_by=owed.c.tenant,
        order_by=(owed.c.id.in_(list(rather)).desc(), owed.c.gap_since, owed.c.id),
    )
    query = sa.select(*columns, turn.label("turn")).where(
        owed.c.integration == integration,
        owed.c.sync == sync,
        owed.c.closed_at.is_(None),
        owed.c.is_gap,
    )
    if tenant is not None:
        query = query.where(owed.c.tenant == tenant)
    if keys:
        query = query.where(owed.c.key.in_(keys))
    found = query.subquery()
    wanted = sa.select(*(found.c[name] for name in GapRow.__dataclass_fields__))
    if per_tenant is not None:
        wanted = wanted.where(found.c.turn <= per_tenant)
    rows = connection.execute(wanted.order_by(found.c.tenant, found.c.gap_since, found.c.id))
    return [GapRow(**row) for row in rows.mappings()]


def _tenant(connection: str, tenant: str, rows: Sequence[sa.Row[tuple[object, ...]]]) -> TenantOwed:
    def count(kind: Kind, *, also_pending: bool) -> int:
        return sum(row.n for row in rows if row.kind == kind and (row.is_gap or also_pending))

    kinds: tuple[Kind, ...] = ("missing", "stale", "misplaced", "extra")
    counted = {kind: count(kind, also_pending=False) for kind in kinds}
    oldest = [row.oldest for row in rows if row.oldest is not None]
    return TenantOwed(
        connection=connection,
        tenant=tenant,
        gaps={kind: n for kind, n in counted.items() if n},
        pending=sum(row.n for row in rows if not row.is_gap and row.kind != "extra"),
        oldest=min(oldest, default=None),
        missing_at_destination=count("missing", also_pending=True)
        + count("misplaced", also_pending=True),
        extra_at_destination=count("extra", also_pending=True),
    )
