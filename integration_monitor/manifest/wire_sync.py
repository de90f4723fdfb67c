"""The wire models of a sync and its two sides."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from integration_monitor.manifest.domain import DriftAction, Severity
from integration_monitor.manifest.wire_rest import RestSide
from integration_monitor.manifest.wire_types import (
    Cron,
    Duration,
    Every,
    PositiveDuration,
    Ratio,
    Sample,
    Secret,
    Text,
    Wire,
)


class SqlSide(Wire):
    """Exactly one of `table` and `query`."""

    url: Secret
    """A reference to the SQLAlchemy URL of the database."""
    table: Text | None = None
    """A table or view: `schema.table`."""
    query: Text | None = None
    """A query instead of a table."""


class Side(Wire):
    """Exactly one of `rest` and `sql`; names are columns (SQL) or JMESPath expressions (REST)."""

    rest: RestSide | None = None
    """A REST collection of the partner."""
    sql: SqlSide | None = None
    """A SQL table or query."""
    key: Text
    """What identifies a record on both sides."""
    updated_at: Text | None = None
    """The source's version of a record; at a destination only where it keeps it."""
    loaded_at: Text | None = None
    """When the destination received the record."""
    tenant: Text | None = None
    """Whose record it is."""
    where: Text | None = None
    """Only these are to be synced: a SQL condition, or a JMESPath expression that is true."""


class Tolerance(Wire):
    missing: int = Field(default=0, ge=0)
    """Gaps that are allowed, for the sync and for each tenant."""
    ratio: Ratio = 0.0
    """Gaps that are allowed, as a share of the records expected in 24 hours."""
    extra: Literal["warn", "ignore"] = "warn"
    """What records mean that only the destination has."""


class Lag(Wire):
    warn: PositiveDuration
    """A record that is owed longer is a warning."""
    fail: PositiveDuration
    """A record that is owed longer is a failure."""
    severity: Severity = "page"
    """The severity of the failure."""


class SchemaRules(Wire):
    lost: DriftAction = "fail"
    """A field that is no longer there."""
    retyped: DriftAction = "fail"
    """A field that changed its type."""
    gained: DriftAction = "ignore"
    """A field that was not there before."""
    nullable: DriftAction = "warn"
    """A field that may now be null."""


class Compare(Wire):
    every: Every
    """How often records are compared field by field."""
    sample: Sample
    """How many records are compared, or `full`."""


class Sync(Wire):
    """Exactly one of `every` and `cron`."""

    title: Text | None = None
    """The sync's name for people."""
    every: Every | None = None
    """How often it is measured: a divisor of an hour or a day, or a cron expression in UTC."""
    cron: Cron | None = None
    """When it is measured: a cron expression in UTC, instead of `every`."""
    grace: Duration | None = None
    """How long a record may be on its way before it is a gap (10m)."""
    window: PositiveDuration | None = None
    """The longest stretch of the source that is read at once (2h)."""
    overlap: Duration | None = None
    """How far before the coverage reading starts again, for late-visible updates (1h)."""
    requests: int | None = Field(default=None, ge=1)
    """The request budget of a run and connection (1000)."""
    source: Side
    """Where the records come from."""
    destination: Side
    """Where they are to arrive."""
    fields: dict[str, Text] = Field(default_factory=dict)
    """What is compared: destination column to source path."""
    tolerance: Tolerance = Tolerance()
    """How many gaps are allowed."""
    lag: Lag | None = None
    """How long a record may be owed."""
    schema_rules: SchemaRules = Field(default=SchemaRules(), alias="schema")
    """What a change of the records' shape means."""
    compare: Compare | None = None
    """The comparison of values, field by field."""
