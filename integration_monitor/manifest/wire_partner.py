"""The wire models of a partner: who owns it, where it is, how it is called, and by whom."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from integration_monitor.manifest.wire_calls import ErrorIn200OrPath
from integration_monitor.manifest.wire_types import (
    BaseAddress,
    Email,
    Every,
    Name,
    PositiveDuration,
    ProbeRequest,
    RequestPath,
    Secret,
    Text,
    WebAddress,
    Wire,
)


class Owner(Wire):
    name: Text
    """The person or team that acts when something breaks."""
    email: Email
    """Where the owner is reached."""


class Partner(Wire):
    base_url: BaseAddress
    """The address that all request paths are relative to: itself, a reference to it, or a template
    over credentials of the connection, such as `https://{connection.shop}.example.com`."""
    status_page: WebAddress | None = None
    """The partner's own status page."""
    changelog: WebAddress | None = None
    """The feed or page on which the partner announces changes."""
    changelog_every: PositiveDuration | None = None
    """How often that feed is read (6h)."""


class ListedConnection(Wire):
    """A tenant, and its credentials by name, each a reference."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Secret] = Field(init=False)

    tenant: Text
    """The customer this connection belongs to."""


class QueriedConnections(Wire):
    url: Secret
    """A reference to the SQLAlchemy URL of the database."""
    query: Text
    """A query with a column `tenant`; every other column is a credential, `{connection.COLUMN}`."""


class Connections(Wire):
    """Exactly one of `list` and `sql`."""

    listed: list[ListedConnection] | None = Field(default=None, alias="list", min_length=1)
    """The connections one by one: a tenant, and its credentials as references."""
    sql: QueriedConnections | None = None
    """A query that returns the connections."""


class Latency(Wire):
    p50: PositiveDuration | None = None
    """Budget of the median."""
    p95: PositiveDuration | None = None
    """Budget of the 95th percentile."""
    p99: PositiveDuration | None = None
    """Budget of the 99th percentile."""


class Endpoint(Wire):
    path: RequestPath
    """The path as a template, such as `/contacts/{id}`; never a concrete address."""
    critical: bool = False
    """Whether the integration is down when this endpoint is."""
    latency: Latency = Latency()
    """Latency budgets."""
    kind: Name | None = None
    """What it gives, under one name over all partners (the endpoint's name)."""
    error_in_200: ErrorIn200OrPath | None = None
    """Where an answer that says 200 tells an error: a JMESPath, or more about it."""
    record_key: Text | None = None
    """Where a write names its record: `{id}` of the path, or JMESPath into the request's body."""


class ProbeLatency(Wire):
    warn: PositiveDuration | None = None
    """Slower than this is a warning."""
    fail: PositiveDuration | None = None
    """Slower than this is a failure."""


class Scopes(Wire):
    required: list[Text] = Field(default_factory=list)
    """Scopes without which the integration cannot work."""
    optional: list[Text] = Field(default_factory=list)
    """Scopes that are used where they are granted."""


class Probe(Wire):
    request: ProbeRequest
    """A cheap, harmless request, such as `GET /me`."""
    every: Every
    """How often it is sent."""
    latency: ProbeLatency = ProbeLatency()
    """How slow an answer may be."""
    scopes: Scopes = Scopes()
    """The scopes a connection should have."""


Endpoints = dict[Name, Endpoint]
