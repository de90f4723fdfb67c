"""The tables of the store, all in the schema `integration_monitor`. Times are UTC."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SCHEMA = "integration_monitor"

metadata = sa.MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    },
)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary_key)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


coverage = sa.Table(
    "coverage",
    metadata,
    _text("integration", primary_key=True),
    _text("sync", primary_key=True),
    _text("connection", primary_key=True),
    _text("fingerprint"),
    _time("covered_to", nullable=True),
    _time("source_now", nullable=True),
    _time("source_watermark", nullable=True),
    sa.Column("source_precision_us", sa.BigInteger),
    sa.Column("destination_precision_us", sa.BigInteger),
    sa.Column("source_records", sa.BigInteger),
    sa.Column("destination_records", sa.BigInteger),
    sa.Column("unexplained", sa.BigInteger),
    sa.Column("accepted_difference", sa.BigInteger, nullable=False, server_default="0"),
    _time("read_at"),
    _text("source_etag", nullable=True),
    comment="Up to when the source of a sync was read, per connection.",
)

volumes = sa.Table(
    "volumes",
    metadata,
    _text("integration", primary_key=True),
    _text("sync", primary_key=True),
    _text("connection", primary_key=True),
    _text("tenant", primary_key=True),
    sa.Column("hour", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("records", sa.BigInteger, nullable=False),
    comment="Record versions expected, by the hour of their updated_at.",
)

owed = sa.Table(
    "owed",
    metadata,
    _id(),
    _text("integration"),
    _text("sync"),
    _text("connection"),
    _text("tenant"),
    _text("key"),
    sa.Column("version", sa.DateTime(timezone=True), nullable=True),
    _text("seen_at"),  # source (it is owed) | destination (it is extra)
    _text("kind"),  # missing | stale | misplaced | extra
    sa.Column("is_gap", sa.Boolean, nullable=False),
    _time("first_seen"),
    _time("looked_at"),
    _time("gap_since", nullable=True),
    _count("absent_lookups"),
    _text("found_tenant", nullable=True),
    _time("found_version", nullable=True),
    _time("closed_at", nullable=True),
    _text("closed_reason", nullable=True),  # arrived | gone | left_filter | accepted | superseded
    _text("closed_by", nullable=True),
    _text("closed_note", nullable=True),
    comment="Record versions seen at the source, not yet at the destination; closed gaps stay.",
)
sa.Index(
    "uq_owed_open",
    owed.c.integration, owed.c.sync, owed.c.connection, owed.c.key, owed.c.tenant, owed.c.seen_at,
    owed.c.version,
    unique=True,
    postgresql_where=owed.c.closed_at.is_(None),
    postgresql_nulls_not_distinct=True,
)  # fmt: skip
sa.Index(
    "ix_owed_accepted",
    owed.c.integration, owed.c.sync, owed.c.connection, owed.c.key,
    postgresql_where=owed.c.closed_reason == "accepted",
)  # fmt: skip
sa.Index("ix_owed_closed_at", owed.c.closed_at, postgresql_where=owed.c.closed_at.is_not(None))

owed_stretches = sa.Table(
    "owed_stretches",
    metadata,
    _id(),
    _text("integration"),
    _text("sync"),
    _text("connection"),
    _time("start"),
    _time("end"),
    _time("first_seen"),
    _time("looked_at"),
    sa.Column("owed", JSONB, nullable=False),  # {tenant: number of records owed}
    sa.Column("examples", JSONB, nullable=False),  # [[tenant, key], …], 50 at most
    _time("accepted_at", nullable=True),
    _text("accepted_by", nullable=True),
    _text("accepted_note", nullable=True),
    comment="Stretches of the source with too many owed records to keep each of them.",
)
sa.Index(
    "uq_owed_stretches_unit",
    owed_stretches.c.integration, owed_stretches.c.sync, owed_stretches.c.connection,
    owed_stretches.c.start, owed_stretches.c.end,
    unique=True,
    postgresql_where=owed_stretches.c.accepted_at.is_(None),
)  # fmt: skip

baselines = sa.Table(
    "baselines",
    metadata,
    _id(),
    _text("integration"),
    _text("sync"),
    _text("side"),  # source | destination
    _text("connection"),
    _text("fingerprint"),
    sa.Column("shape", JSONB, nullable=False),
    _time("accepted_at"),
    _text("accepted_by", nullable=True),
    _text("note", nullable=True),
    _time("superseded_at", nullable=True),
    comment="The fields that a side is to have: recorded at first sight, later accepted.",
)
sa.Index(
    "uq_baselines_current",
    baselines.c.integration, baselines.c.sync, baselines.c.side, baselines.c.connection,
    unique=True,
    postgresql_where=baselines.c.superseded_at.is_(None),
)  # fmt: skip

schema_changes = sa.Table(
    "schema_changes",
    metadata,
    _id(),
    sa.Column(
        "baseline_id", sa.BigInteger, sa.ForeignKey(baselines.c.id), nullable=False, index=True
    ),
    _text("path"),
    _text("kind"),  # lost | retyped | nullable | gained
    _text("was"),
    _text("now"),
    _text("example"),
    sa.Column("fields", JSONB, nullable=False),  # {path: what was observed there}
    sa.Column("hits", sa.BigInteger, nullable=False),
    sa.Column("of", sa.BigInteger, nullable=False),
    sa.Column("clean", sa.BigInteger, nullable=False),
    _time("first_seen"),
    _time("last_seen"),
    _time("closed_at", nullable=True),
    _text("closed_reason", nullable=True),  # reverted | accepted | ignored | superseded
    _text("closed_by", nullable=True),
    _text("closed_note", nullable=True),
    comment="How the fields of a side differ, or differed, from its baseline.",
)
sa.Index(
    "uq_schema_changes_open",
    schema_changes.c.baseline_id, schema_changes.c.path, schema_changes.c.kind,
    unique=True,
    postgresql_where=schema_changes.c.closed_at.is_(None),
)  # fmt: skip

verdicts = sa.Table(
    "verdicts",
    metadata,
    _id(),
    _text("integration"),
    _text("subject"),
    _text("signal"),
    _text("status"),
    _text("severity", nullable=True),
    _text("reason"),
    sa.Column("evidence", JSONB, nullable=False),
    sa.Column("tenants", ARRAY(sa.Text), nullable=False),
    sa.Column("parts", JSONB, nullable=False),
    _text("details"),
    _time("started_at"),
    _time("last_at"),
    _time("valid_until"),
    _time("ended_at", nullable=True),
    comment="Intervals: from when to when a subject had a status. The latest has no ended_at.",
)
sa.Index(
    "uq_verdicts_latest",
    verdicts.c.integration, verdicts.c.subject, verdicts.c.signal,
    unique=True,
    postgresql_where=verdicts.c.ended_at.is_(None),
)  # fmt: skip
sa.Index("ix_verdicts_history", verdicts.c.integration, verdicts.c.subject, verdicts.c.started_at)

incidents = sa.Table(
    "incidents",
    metadata,
    _id(),
    _text("integration"),
    _text("subject"),
    _text("kind"),  # broken | blind
    _text("state"),  # pending | open | recovering | resolved
    _text("severity"),
    _text("reason"),
    sa.Column("tenants", ARRAY(sa.Text), nullable=False),
    sa.Column("evidence", JSONB, nullable=False),  # the verdicts behind it, as plain data
    _time("began_at"),
    _time("opened_at", nullable=True),
    _time("recovering_since", nullable=True),
    _time("resolved_at", nullable=True),
    _text("closed_reason", nullable=True),  # recovered | no longer watched
    _time("reminded_at", nullable=True),
    _time("updated_at"),
    comment="Failing verdicts with one cause, followed from open through recovering to resolved.",
)
sa.Index(
    "uq_incidents_current",
    incidents.c.integration, incidents.c.subject, incidents.c.kind,
    unique=True,
    postgresql_where=incidents.c.state != "resolved",
)  # fmt: skip

transitions = sa.Table(
    "transitions",
    metadata,
    _id(),
    sa.Column(
        "incident_id", sa.BigInteger, sa.ForeignKey(incidents.c.id), nullable=False, index=True
    ),
    _time("at"),
    _text("transition"),  # opened | worsened | recovering | reopened | reminded | resolved
    _text("severity"),
    _text("reason"),
    sa.Column("tenants", ARRAY(sa.Text), nullable=False),
    comment="What happened to an incident, and when.",
)

outbox = sa.Table(
    "outbox",
    metadata,
    _id(),
    _text("dedup_key"),
    sa.Column("incident_id", sa.BigInteger, sa.ForeignKey(incidents.c.id), nullable=False),
    _text("channel"),
    _text("transition"),
    sa.Column("alert", JSONB, nullable=False),
    _time("created_at"),
    _count("attempts"),
    _time("next_attempt_at"),
    _time("leased_until", nullable=True),
    _time("sent_at", nullable=True),
    _text("error", nullable=True),
    sa.UniqueConstraint("dedup_key"),
    comment="Alerts that were decided; delivered at least once, in order per incident and channel.",
)
sa.Index("ix_outbox_unsent", outbox.c.next_attempt_at, postgresql_where=outbox.c.sent_at.is_(None))
sa.Index("ix_outbox_incident", outbox.c.incident_id, outbox.c.channel)

# --- calls ----------------------------------------------------------------------------------------


def _calls(name: str, time: str, *, by_tenant: bool, comment: str) -> sa.Table:
    """Counts are only ever added: rows that are alike are summed when they are read."""
    return sa.Table(
        name,
        metadata,
        _time(time),
        _text("integration"),
        _text("endpoint"),
        *([_text("tenant")] if by_tenant else []),
        _text("outcome"),
        sa.Column("bucket", sa.SmallInteger, nullable=False),
        sa.Column("calls", sa.BigInteger, nullable=False),
        comment=comment,
        postgresql_partition_by=f"RANGE ({time})",
    )


call_minutes = _calls(
    "call_minutes", "minute", by_tenant=False, comment="Calls by minute, all tenants together."
)
sa.Index("ix_call_minutes_minute", call_minutes.c.minute)
sa.Index("ix_call_minutes_integration", call_minutes.c.integration, call_minutes.c.minute)
tenant_minutes = _calls(
    "tenant_minutes", "minute", by_tenant=True, comment="Calls by minute and tenant."
)
sa.Index(
    "ix_tenant_minutes_series",
    tenant_minutes.c.integration, tenant_minutes.c.tenant, tenant_minutes.c.minute,
)  # fmt: skip
sa.Index(
    "ix_tenant_minutes_failed",
    tenant_minutes.c.minute, tenant_minutes.c.integration, tenant_minutes.c.tenant,
    postgresql_where=tenant_minutes.c.outcome != "ok",
)  # fmt: skip
call_hours = _calls("call_hours", "hour", by_tenant=True, comment="Calls by hour and tenant.")
sa.Index("ix_call_hours_series", call_hours.c.integration, call_hours.c.hour)
call_days = _calls("call_days", "day", by_tenant=True, comment="Calls by day and tenant.")
sa.Index("ix_call_days_series", call_days.c.integration, call_days.c.day)

call_batches = sa.Table(
    "call_batches",
    metadata,
    _text("id", primary_key=True),
    _text("source"),
    _time("received_at"),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("dropped", sa.BigInteger, nullable=False),
    comment="Batches of calls that were stored: one that comes again does not count again.",
)
sa.Index("ix_call_batches_received_at", call_batches.c.received_at)

roll_ups_due = sa.Table(
    "roll_ups_due",
    metadata,
    _text("grain"),  # hour | day
    _time("start"),
    _text("integration"),
    comment="Hours and days that calls came into since they were rolled up; rows repeat.",
)
sa.Index("ix_roll_ups_due_start", roll_ups_due.c.grain, roll_ups_due.c.start)

dropped_partitions = sa.Table(
    "dropped_partitions",
    metadata,
    _text("partitioned", primary_key=True),
    _time("before"),
    comment="Up to when the partitions of a table were dropped: nothing older is added again.",
)

exemplars = sa.Table(
    "exemplars",
    metadata,
    _id(),
    _time("at"),
    _text("integration"),
    _text("endpoint"),
    _text("tenant"),
    _text("outcome"),
    sa.Column("status", sa.Integer),
    _text("error_code", nullable=True),
    _text("request_id", nullable=True),
    _text("message", nullable=True),
    _text("key", nullable=True),
    comment="The last failing calls of each series, redacted.",
)
sa.Index(
    "ix_exemplars_series",
    exemplars.c.integration, exemplars.c.endpoint, exemplars.c.tenant, exemplars.c.outcome,
    exemplars.c.at,
)  # fmt: skip
sa.Index(
    "ix_exemplars_key", exemplars.c.integration, exemplars.c.key,
    postgresql_where=exemplars.c.key.is_not(None),
)  # fmt: skip

rate_limits = sa.Table(
    "rate_limits",
    metadata,
    _text("integration", primary_key=True),
    _text("tenant", primary_key=True),
    _text("policy", primary_key=True),
    sa.Column("limit", sa.BigInteger),
    sa.Column("remaining", sa.BigInteger),
    _time("reset_at", nullable=True),
    sa.Column("window_s", sa.Float),
    _time("seen_at"),
    comment="What the partner said last of each limit.",
)

notices = sa.Table(
    "notices",
    metadata,
    _text("integration", primary_key=True),
    _text("endpoint", primary_key=True),
    _text("kind", primary_key=True),  # deprecation | sunset
    sa.Column("on", sa.Date),
    _text("link", nullable=True),
    _time("first_seen"),
    _time("last_seen"),
    comment="Announcements in headers that an endpoint is, or will be, gone.",
)

response_shapes = sa.Table(
    "response_shapes",
    metadata,
    _id(),
    _text("integration"),
    _text("endpoint"),
    sa.Column("shape", JSONB, nullable=False),
    _time("seen_at"),
    comment="Fields of sampled answers, until they are compared with the baseline.",
)
sa.Index("ix_response_shapes_integration", response_shapes.c.integration, response_shapes.c.seen_at)

changelog_entries = sa.Table(
    "changelog_entries",
    metadata,
    _text("integration", primary_key=True),
    _text("entry", primary_key=True),
    _text("title"),
    _text("link", nullable=True),
    _time("published_at", nullable=True),
    _time("first_seen"),
    _time("last_seen"),
    sa.Column("marks", ARRAY(sa.Text), nullable=False),
    sa.Column("from_first_read", sa.Boolean, nullable=False),
    _time("acknowledged_at", nullable=True),
    _text("acknowledged_by", nullable=True),
    _text("note", nullable=True),
    comment="Entries of the partner's changelog.",
)

changelog_reads = sa.Table(
    "changelog_reads",
    metadata,
    _text("integration", primary_key=True),
    _time("read_at", nullable=True),
    _time("tried_at"),
    _text("error", nullable=True),
    _text("feed", nullable=True),  # a digest of its address, once it was read
    _text("etag", nullable=True),
    _text("modified", nullable=True),
    comment="When a partner's changelog was last read, and why not.",
)
