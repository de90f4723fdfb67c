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
        _forget(connection, Unit(integration, sync, name), "the connection is no longer listed", at)


def forget_syncs(
    connection: sa.Connection,
    *,
    keep: Collection[tuple[str, str]],
    unread_since: datetime,
    at: datetime,
) -> None:
    """Supersede what is owed to (integration, sync) pairs that left the manifests, as above.

    One that was read after `unread_since` is left alone: somebody may still measure it, or put it
    back.
    """
    for unit in coverage.unread_units(connection, unread_since):
        if (unit.integration, unit.sync) not in keep:
            _forget(connection, unit, "the sync is in no manifest any more", at)


def _forget(connection: sa.Connection, unit: Unit, note: str, at: datetime) -> None:
    oldest = _oldest_owed(connection, unit)
    if oldest is not None:
        coverage.read_again_from(connection, unit, oldest)
    ledger.supersede(connection, unit, note, at)
    stretches.drop_all(connection, unit)


def _oldest_owed(connection: sa.Connection, unit: Unit) -> datetime | None:
    owed_since = [version for _, _, version in ledger.open_versions(connection, unit)]
    owed_since += [stretch.start for stretch in stretches.of_unit(connection, unit)]
    return min((at for at in owed_since if at is not None), default=None)
