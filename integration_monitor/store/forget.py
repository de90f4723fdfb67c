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

    Their coverage stays: a connection that comes back is read on from there.
    """
    if not keep:
        return
    for name in sorted(coverage.known_connections(connection, integration, sync) - set(keep)):
        unit = Unit(integration, sync, name)
        ledger.supersede(connection, unit, "the connection is no longer listed", at)
        stretches.drop_all(connection, unit)
