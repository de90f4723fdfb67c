"""Opening an end of a sync for a connection."""

from __future__ import annotations

from integration_monitor.manifest.domain import Integration, RestSide, Side
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.rest_side import RestCollection
from integration_monitor.observe.side import OpenSide
from integration_monitor.observe.sql_side import SqlTable
from integration_monitor.signals.mapped import Role


def open_side(
    side: Side, integration: Integration, role: Role, connection: Connection, reading: Reading
) -> OpenSide:
    """The side, to be read for this connection.

    Raises `ReadError` where it cannot be read at all: a reference that is not set, a table or
    column that is not there, a database that does not answer.
    """
    if isinstance(side.at, RestSide):
        return RestCollection(side, side.at, integration, connection, reading)
    return SqlTable(side, side.at, role, connection.tenant, reading)
