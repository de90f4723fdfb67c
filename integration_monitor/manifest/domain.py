"""What a manifest means, after it was read: frozen, checked, free of YAML.

All durations are `timedelta`, all ratios are fractions (0.001 is 0.1 %), all secrets are
`Reference`s that are resolved at the last moment and never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from integration_monitor.manifest.authentication import Auth
from integration_monitor.manifest.authentication import BearerAuth as BearerAuth
from integration_monitor.manifest.authentication import NoAuth as NoAuth
from integration_monitor.manifest.calls import CallRules, ErrorIn200
from integration_monitor.manifest.paging import Pages
from integration_monitor.manifest.webhooks import Webhooks

SINGLE = "-"
"""The name of the only connection of an integration that has one account for everybody."""

Severity = Literal["page", "ticket", "watch"]
TimeFormat = Literal["iso8601", "epoch_s", "epoch_ms", "date"]
DriftAction = Literal["fail", "warn", "ignore"]


class MissingReference(Exception):
    """An environment variable that a manifest refers to is not set. Holds its name only."""

    def __init__(self, env: str) -> None:
        super().__init__(f"environment variable {env} is not set")
        self.env = env


@dataclass(frozen=True)
class Reference:
    """`{env: NAME}`: where a secret or an address is to be found."""

    env: str

    def resolve(self, environ: Mapping[str, str]) -> str:
        """The value. Raises `MissingReference` where the variable is not set or empty."""
        value = environ.get(self.env, "")
        if not value:
            raise MissingReference(self.env)
        return value


@dataclass(frozen=True)
class Owner:
    name: str
    email: str


@dataclass(frozen=True)
class Partner:
    base_url: str | Reference
    """An address, a reference to one, or a template over `{connection.NAME}`."""
    status_page: str | None = None
    changelog: str | None = None
    changelog_every: timedelta = timedelta(hours=6)


@dataclass(frozen=True)
class Cadence:
    """How often something is measured: a cron expression in UTC, and its name as it was written."""

    cron: str
    text: str
    """As in the manifest: `15m` or the cron expression."""
    period: timedelta
    """The longest time between two ticks within a week."""


# --- connections -------------------------------------------------------------------------------


@dataclass(frozen=True)
class SingleConnection:
    """One account for everybody; the connection is called `-`."""


@dataclass(frozen=True)
class ListedConnection:
    tenant: str
    credentials: Mapping[str, str | Reference]


@dataclass(frozen=True)
class ListedConnections:
    connections: tuple[ListedConnection, ...]


@dataclass(frozen=True)
class QueriedConnections:
    """A query on the user's database: column `tenant`, every other column a credential."""

    url: Reference
    query: str


Connections = SingleConnection | ListedConnections | QueriedConnections


# --- endpoints and probe -----------------------------------------------------------------------


@dataclass(frozen=True)
class Latency:
    p50: timedelta | None = None
    p95: timedelta | None = None
    p99: timedelta | None = None


@dataclass(frozen=True)
class Endpoint:
    name: str
    path: str
    critical: bool = False
    latency: Latency = Latency()
    kind: str | None = None
    """What it gives, under one name over all partners; None: the endpoint's name."""
    error_in_200: ErrorIn200 | None = None
    record_key: str | None = None
    """Where a write names its record: a placeholder of `path`, or a path into the request body."""


@dataclass(frozen=True)
class Probe:
    method: str
    path: str
    every: Cadence
    warn: timedelta | None = None
    fail: timedelta | None = None
    required_scopes: tuple[str, ...] = ()
    optional_scopes: tuple[str, ...] = ()


# --- syncs -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RequestTemplate:
    """A request with placeholders in its texts.

    They are `{since} {until} {cursor} {page} {offset} {size} {keys} {key} {connection.NAME}`.
    A string that is exactly `"{keys}"` becomes a list of keys; within a longer string the keys
    are joined by commas. An entry whose `{cursor}` is not known yet (first page) is left out.
    """

    method: str
    path: str
    query: Mapping[str, object] = field(default_factory=dict)
    body: object | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ListRequest:
    request: RequestTemplate
    mode: Literal["changed", "newest_first", "full"] = "changed"
    time: TimeFormat = "iso8601"
    """How `{since}` and `{until}` are written, and how numbers in `updated_at` are read."""
    max_results: int | None = None
    """The most records the partner gives for one query, over all its pages."""
    etag: bool = False
    """Whether the first page is asked for with `If-None-Match`."""


@dataclass(frozen=True)
class LookupRequest:
    request: RequestTemplate
    batch: int = 100


@dataclass(frozen=True)
class Count:
    """Where the total number of records of the query stands: exactly one of the first three."""

    body: str | None = None
    header: str | None = None
    paging: bool = False
    """It stands nowhere: all pages are read, as far as the budget goes."""
    request: RequestTemplate | None = None
    """Whose answer has it; None: that of the list request."""


@dataclass(frozen=True)
class RestSide:
    """A REST collection. Paths are JMESPath expressions."""

    endpoint: str | None
    list: ListRequest | None
    lookup: LookupRequest | None
    records: str
    """Path to the list of records in a response."""
    pages: Pages | None = None
    """How a list is cut into pages; None: one page is all."""
    count: Count | None = None
    errors: str | None = None
    """Path to what went wrong, in an answer that is none of the success its status says."""
    time: TimeFormat = "iso8601"
    """How numbers in times are read, where there is no `list` to say it."""

    @property
    def time_format(self) -> TimeFormat:
        """How numbers in times are read."""
        return self.list.time if self.list else self.time


@dataclass(frozen=True)
class SqlSide:
    """A SQL table (`schema.table`) or a query."""

    url: Reference
    table: str | None = None
    query: str | None = None


@dataclass(frozen=True)
class Side:
    """One end of a sync. Names of columns for SQL, JMESPath expressions for REST."""

    at: SqlSide | RestSide
    key: str
    updated_at: str | None = None
    """The source's version of a record; at a destination left out where it is not kept."""
    loaded_at: str | None = None
    tenant: str | None = None
    where: str | None = None
    """SQL: a condition. REST: a JMESPath expression that is true for records to be synced."""


@dataclass(frozen=True)
class Tolerance:
    missing: int = 0
    ratio: float = 0.0
    extra: Literal["warn", "ignore"] = "warn"


@dataclass(frozen=True)
class Lag:
    warn: timedelta
    fail: timedelta
    severity: Severity = "page"


@dataclass(frozen=True)
class SchemaRules:
    lost: DriftAction = "fail"
    retyped: DriftAction = "fail"
    gained: DriftAction = "ignore"
    nullable: DriftAction = "warn"


@dataclass(frozen=True)
class Compare:
    every: Cadence
    sample: int | Literal["full"]


@dataclass(frozen=True)
class Sync:
    name: str
    every: Cadence
    source: Side
    destination: Side
    title: str | None = None
    grace: timedelta = timedelta(minutes=10)
    window: timedelta = timedelta(hours=2)
    overlap: timedelta = timedelta(hours=1)
    requests: int = 1000
    """The request budget: requests (or SQL statements) per run and connection."""
    fields: Mapping[str, str] = field(default_factory=dict)
    tolerance: Tolerance = Tolerance()
    lag: Lag | None = None
    schema: SchemaRules = SchemaRules()
    compare: Compare | None = None


# --- what comes with later sections ---------------------------------------------------------------


@dataclass(frozen=True)
class Slo:
    objective: float
    window: timedelta


@dataclass(frozen=True)
class Runbook:
    summary: str | None = None
    reliant: str | None = None
    pause: str | None = None
    contact: str | None = None
    url: str | None = None
    reviewed: date | None = None


@dataclass(frozen=True)
class Integration:
    """One partner system, described by one manifest."""

    name: str
    owner: Owner
    file: str
    """Path of the manifest, as it was given to the loader."""
    title: str
    category: str | None = None
    partner: Partner | None = None
    connections: Connections = SingleConnection()
    auth: Auth = field(default_factory=NoAuth)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    calls: CallRules = field(default_factory=CallRules)
    probe: Probe | None = None
    syncs: Mapping[str, Sync] = field(default_factory=dict)
    webhooks: Webhooks | None = None
    slo: Slo | None = None
    routes: Mapping[Severity, tuple[str, ...]] = field(default_factory=dict)
    """Severity to channel names; a severity that is left out takes the monitor's default."""
    runbook: Runbook = Runbook()
    deadline: timedelta = timedelta(seconds=60)
    """How long one measurement of all its syncs may take."""
    requests_at_once: int = 4
    """Requests under way at one time per host."""
    request_timeout: timedelta = timedelta(seconds=10)
    wait_budget: timedelta = timedelta(seconds=10)
    """The longest wait for a `Retry-After` within one request."""

    @property
    def watches_calls(self) -> bool:
        """Whether it declares anything of its partner's API: endpoints, `calls` or a changelog."""
        changelog = self.partner.changelog if self.partner else None
        return bool(self.endpoints or changelog) or self.calls != CallRules()


# --- monitor.yaml --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Channel:
    name: str
    type: Literal["apprise", "webhook"]
    url: Reference
    headers: Mapping[str, str | Reference] = field(default_factory=dict)


@dataclass(frozen=True)
class IncidentRules:
    open_after: timedelta = timedelta(0)
    """`for`: how long a failure lasts before an incident opens."""
    stable_for: timedelta = timedelta(minutes=10)
    """How long all verdicts stay ok before an incident is resolved."""
    unknown_for: timedelta = timedelta(minutes=15)
    """How long `unknown` lasts before a "monitor cannot see" incident opens."""
    remind: timedelta | None = timedelta(hours=4)


@dataclass(frozen=True)
class Retention:
    minutes: timedelta = timedelta(days=3)
    hours: timedelta = timedelta(days=90)
    days: timedelta = timedelta(days=730)
    verdicts: timedelta = timedelta(days=730)
    webhooks: timedelta = timedelta(days=30)
    gaps: timedelta = timedelta(days=365)
    dagster: timedelta = timedelta(days=30)
    """Of Dagster's own events of our checks and assets."""


@dataclass(frozen=True)
class Monitor:
    """What belongs to the whole fleet: `monitor.yaml`."""

    owner: Owner | None = None
    channels: Mapping[str, Channel] = field(default_factory=dict)
    routes: Mapping[Severity, tuple[str, ...]] = field(default_factory=dict)
    incidents: IncidentRules = IncidentRules()
    retention: Retention = Retention()
    dagster_url: str | None = None


# --- the fleet ----------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class ManifestError:
    """One mistake in a file; `str()` gives `file:line:column: message`."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True)
class BrokenManifest:
    """A file that could not be read; the integration is still shown, with its errors."""

    name: str
    """The integration's name where the file still says it and no other file does, otherwise one
    made of the file's stem. Unique within a fleet."""
    file: str
    errors: tuple[ManifestError, ...]


@dataclass(frozen=True)
class Fleet:
    """Everything that was found in a manifest directory."""

    directory: str
    integrations: tuple[Integration, ...] = ()
    broken: tuple[BrokenManifest, ...] = ()
    monitor: Monitor = Monitor()
    monitor_errors: tuple[ManifestError, ...] = ()
    """What is wrong with monitor.yaml; its sound parts are in force."""
    routing_known: bool = True
    """Whether all its channels and routes could be read: otherwise nobody is told anything."""
    warnings: tuple[ManifestError, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """The text of every sound file by its path. A broken one may hold a secret: it is not kept."""

    @property
    def errors(self) -> tuple[ManifestError, ...]:
        """All mistakes of all files, in the order of files and lines."""
        found = [error for manifest in self.broken for error in manifest.errors]
        return tuple(sorted([*found, *self.monitor_errors]))
