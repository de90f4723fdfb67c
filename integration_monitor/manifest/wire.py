"""The wire models of a whole manifest and of monitor.yaml: what a user writes, version 1."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from integration_monitor.manifest.wire_auth import Auth, NoAuth
from integration_monitor.manifest.wire_calls import Calls
from integration_monitor.manifest.wire_partner import (
    Connections,
    Endpoint,
    Owner,
    Partner,
    Probe,
)
from integration_monitor.manifest.wire_sync import Sync
from integration_monitor.manifest.wire_types import (
    ChannelName,
    Day,
    Duration,
    Name,
    Objective,
    PositiveDuration,
    Secret,
    Text,
    TextOrReference,
    WebAddress,
    Wire,
)
from integration_monitor.manifest.wire_webhooks import Webhooks

VERSION = 1
"""The version of the schema that is read."""


class Slo(Wire):
    objective: Objective
    """The share of good time that is promised, such as 99.9%."""
    window: PositiveDuration
    """The time it is measured over, such as 30d."""


class Routes(Wire):
    page: list[ChannelName] | None = None
    """Channels for what must be acted on now."""
    ticket: list[ChannelName] | None = None
    """Channels for what must be acted on in working hours."""
    watch: list[ChannelName] | None = None
    """Channels for what is only worth knowing."""


class Runbook(Wire):
    summary: Text | None = None
    """What the integration does and how it usually breaks."""
    reliant: Text | None = None
    """Who and what depends on it."""
    pause: Text | None = None
    """How to pause it."""
    contact: Text | None = None
    """Whom to call at the partner."""
    url: WebAddress | None = None
    """The full runbook."""
    reviewed: Day | None = None
    """The day it was last reviewed."""


class Manifest(Wire):
    """One partner system."""

    version: Literal[1]
    """The version of the manifest's schema."""
    integration: Name
    """The integration's name; it stands in asset keys."""
    title: Text | None = None
    """Its name for people."""
    category: Text | None = None
    """Groups integrations on the status page and in reports."""
    owner: Owner | None = None
    """Who acts when it breaks; left out, the owner in monitor.yaml, with a warning."""
    partner: Partner | None = None
    """The partner's addresses."""
    connections: Connections | None = None
    """One connection a tenant; left out, a single one."""
    auth: Auth = NoAuth(type="none")
    """How requests are authenticated."""
    endpoints: dict[Name, Endpoint] = Field(default_factory=dict)
    """The partner's endpoints by name."""
    calls: Calls = Calls()
    """What is watched of the calls to them."""
    probe: Probe | None = None
    """A request that shows whether a connection works."""
    syncs: dict[Name, Sync] = Field(default_factory=dict)
    """What is moved, by name."""
    webhooks: Webhooks | None = None
    """The webhooks the partner sends."""
    slo: Slo | None = None
    """The objective for the integration as a whole."""
    alerts: Routes = Routes()
    """Severity to channels; a severity left out takes the routes of monitor.yaml."""
    runbook: Runbook = Runbook()
    """What the person needs who is woken by it."""
    deadline: PositiveDuration | None = None
    """How long one measurement of all its syncs may take (60s)."""
    requests_at_once: int | None = Field(default=None, ge=1, le=100)
    """Requests under way at one time per host (4)."""
    request_timeout: PositiveDuration | None = None
    """How long one request may take (10s)."""
    wait_budget: Duration | None = None
    """The longest wait for a `Retry-After` within one request (10s)."""


class Channel(Wire):
    type: Literal["apprise", "webhook"]
    """How the alert is sent."""
    url: Secret
    """A reference to the channel's address."""
    headers: dict[str, TextOrReference] = Field(default_factory=dict)
    """Headers of a webhook: text, or a reference for a secret."""


class IncidentRules(Wire):
    open_after: Duration | None = Field(default=None, alias="for")
    """How long a failure lasts before an incident opens (0s)."""
    stable_for: Duration | None = None
    """How long all verdicts stay ok before an incident is resolved (10m)."""
    unknown_for: Duration | None = None
    """How long nothing can be seen before that is an incident of its own (15m)."""
    remind: PositiveDuration | None = None
    """How often an open incident is told again (4h); null: never."""


class Retention(Wire):
    minutes: PositiveDuration | None = None
    """Calls by minute (3d)."""
    hours: PositiveDuration | None = None
    """Calls by hour, failing calls, what partners announced (90d)."""
    days: PositiveDuration | None = None
    """Calls by day (2y)."""
    verdicts: PositiveDuration | None = None
    """Verdicts (2y)."""
    webhooks: PositiveDuration | None = None
    """Webhooks (30d)."""
    gaps: PositiveDuration | None = None
    """Closed gaps (1y)."""
    dagster: PositiveDuration | None = None
    """Dagster's own events of these checks and assets, for `db prune` (30d)."""


class Monitor(Wire):
    """What belongs to the whole fleet."""

    version: Literal[1]
    """The version of the schema."""
    owner: Owner | None = None
    """The owner of integrations that name none."""
    channels: dict[ChannelName, Channel] = Field(default_factory=dict)
    """Where alerts go, by name."""
    routes: Routes = Routes()
    """Severity to channels, where a manifest says nothing else."""
    incidents: IncidentRules = IncidentRules()
    """When incidents open and close."""
    retention: Retention = Retention()
    """How long facts are kept."""
    dagster_url: WebAddress | None = None
    """The address of the Dagster UI, for links in alerts."""
