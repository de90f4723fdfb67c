"""Closing what is no longer watched: connections that left, syncs that left the manifests."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.store import coverage, ledger, stretches
from integration_monitor.store.coverage import Unit


def forget_connections(
    connection: sa.Connection,
    integration: str,
    sync: str,
    *,
    keep: Collection[str],
    at: datetime,
) -> None:
    """Supersede what is owed to connections that are not listed any more.

    Their coverage goes back to the oldest version that was owed: where a connection comes back,
    reading on from there finds again what it was still owed.
    """
    if not keep:
        return
    for name in sorted(coverage.known_connections(connection, integration, sync) - set(keep)):
        unit = Unit(integration, sync, name)
        oldest = _oldest_owed(connection, unit)
        if oldest is not None:
            coverage.read_again_from(connection, unit, oldest)
        ledger.supersede(connection, unit, "the connection is no longer listed", at)
        stretches.drop_all(connection, unit)


def _oldest_owed(connection: sa.Connection, unit: Unit) -> datetime | None:
    owed_since = [version for _, _, version in ledger.open_versions(connection, unit)]
    owed_since += [stretch.start for stretch in stretches.of_unit(connection, unit)]
    return min((at for at in owed_since if at is not None), default=None)
