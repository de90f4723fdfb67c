"""The connections of an integration: which tenants there are, and their credentials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from integration_monitor.manifest.domain import (
    SINGLE,
    Integration,
    ListedConnection,
    ListedConnections,
    QueriedConnections,
    SqlSide,
)
from integration_monitor.observe.canonical import canonical_key
from integration_monitor.observe.databases import Engines
from integration_monitor.observe.describe import relation
from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.reading import resolve
from integration_monitor.observe.side import ReadError

TIMEOUT = timedelta(seconds=10)


@dataclass(frozen=True)
class Connection:
    """One tenant's link to the partner. Its credentials are never shown."""

    tenant: str
    """`-` where the integration has one account for everybody."""
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    error: ReadError | None = field(default=None, compare=False)
    """Why the credentials of this connection alone cannot be used; raised by its REST sides."""


def list_connections(
    integration: Integration, environ: Mapping[str, str], engines: Engines, deadline: Deadline
) -> tuple[Connection, ...]:
    """All connections, in the order of the manifest or the query.

    Raises `ReadError` where the list cannot be trusted as a whole: the query fails, or it gives
    a tenant twice or one that is null.
    """
    declared = integration.connections
    if isinstance(declared, ListedConnections):
        return tuple(_listed(listed, environ) for listed in declared.connections)
    if isinstance(declared, QueriedConnections):
        return _queried(declared, environ, engines, deadline)
    return (Connection(SINGLE),)


def _listed(listed: ListedConnection, environ: Mapping[str, str]) -> Connection:
    try:
        resolved = {name: resolve(value, environ) for name, value in listed.credentials.items()}
    except ReadError as error:
        return Connection(listed.tenant, error=error)
    return Connection(listed.tenant, resolved)


def _queried(
    declared: QueriedConnections,
    environ: Mapping[str, str],
    engines: Engines,
    deadline: Deadline,
) -> tuple[Connection, ...]:
    url = resolve(declared.url, environ)
    database = engines.database(url)
    asked = relation(SqlSide(declared.url, query=declared.query), database.engine.dialect)
    rows = sa.select(sa.text("*")).select_from(asked)
    with database.session(deadline, TIMEOUT) as session:
        result = session.execute(rows)
        if "tenant" not in tuple(result.keys()):
            raise ReadError("config", "the query of connections gives no column `tenant`")
        connections = tuple(_from_row(row) for row in result.mappings())
    twice = [tenant for tenant, n in Counter(c.tenant for c in connections).items() if n > 1]
    if twice:
        names = ", ".join(sorted(twice)[:5])
        raise ReadError("config", f"the query of connections gives tenants more than once: {names}")
    return connections


def _from_row(row: Mapping[Any, Any]) -> Connection:
    tenant = canonical_key(row["tenant"])
    if tenant is None:
        raise ReadError("config", "the query of connections gives a row whose tenant is null")
    credentials = {name: value for name, value in row.items() if name != "tenant"}
    empty = [name for name, value in credentials.items() if value is None]
    if empty:
        problem = ReadError("config", f"the tenant {tenant} has no {', '.join(sorted(empty))}")
        return Connection(tenant, error=problem)
    return Connection(tenant, {name: str(value) for name, value in credentials.items()})
