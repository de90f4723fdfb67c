"""Accepting what is owed: somebody says that it may stay lost, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.store import coverage, ledger, ledger_listing, stretches
from integration_monitor.store.coverage import Unit


@dataclass(frozen=True)
class Accepted:
    """How much was accepted: single gaps, records in stretches, differences of totals."""

    gaps: int = 0
    in_stretches: int = 0
    totals: int = 0


def accept_gaps(
    connection: sa.Connection,
    integration: str,
    sync: str,
    *,
    tenant: str | None,
    keys: Sequence[str],
    by: str,
    note: str,
    at: datetime,
) -> Accepted:
    """Accept the open gaps of a sync, or those of a tenant or with certain keys only.

    Stretches of large losses are accepted with the sync as a whole only: they mix tenants.
    """
    found = ledger_listing.gaps(connection, integration, sync, tenant=tenant, keys=keys)
    ledger.close(connection, [row.id for row in found], "accepted", at=at, by=by, note=note)
    if tenant is not None or keys:
        return Accepted(len(found))
    lost = 0
    for name in sorted({name for name, _ in stretches.of_sync(connection, integration, sync)}):
        unit = Unit(integration, sync, name)
        records = stretches.accept(connection, unit, by=by, note=note, at=at)
        coverage.accept_difference(connection, unit, records)
        lost += records
    return Accepted(len(found), lost)


def accept_totals(connection: sa.Connection, integration: str, sync: str) -> Accepted:
    """Accept the differences of totals that the latest run could not explain."""
    names = sorted(coverage.known_connections(connection, integration, sync))
    differences = [
        coverage.accept_totals(connection, Unit(integration, sync, name)) for name in names
    ]
    return Accepted(totals=sum(abs(difference) for difference in differences))
