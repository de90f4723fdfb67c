"""The tables of syncs, verdicts, incidents and alerts, all in the schema `integration_monitor`."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from integration_monitor.store.table_parts import (
    count_column,
    id_column,
    metadata,
    text_column,
    time_column,
)

coverage = sa.Table(
    "coverage",
    metadata,
    text_column("integration", primary_key=True),
    text_column("sync", primary_key=True),
    text_column("connection", primary_key=True),
    text_column("fingerprint"),
    time_column("covered_to", nullable=True),
    time_column("source_now", nullable=True),
    time_column("source_watermark", nullable=True),
    sa.Column("source_precision_us", sa.BigInteger),
    sa.Column("destination_precision_us", sa.BigInteger),
    sa.Column("source_records", sa.BigInteger),
    sa.Column("destination_records", sa.BigInteger),
    sa.Column("unexplained", sa.BigInteger),
    sa.Column("accepted_difference", sa.BigInteger, nullable=False, server_default="0"),
    time_column("read_at"),
    text_column("source_etag", nullable=True),
    comment="Up to when the source of a sync was read, per connection.",
)

volumes = sa.Table(
    "volumes",
    metadata,
    text_column("integration", primary_key=True),
    text_column("sync", primary_key=True),
    text_column("connection", primary_key=True),
    text_column("tenant", primary_key=True),
    sa.Column("hour", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("records", sa.BigInteger, nullable=False),
    comment="Record versions expected, by the hour of their updated_at.",
)

owed = sa.Table(
    "owed",
    metadata,
    id_column(),
    text_column("integration"),
    text_column("sync"),
    text_column("connection"),
    text_column("tenant"),
    text_column("key"),
    sa.Column("version", sa.DateTime(timezone=True), nullable=True),
    text_column("seen_at"),  # source (it is owed) | destination (it is extra)
    text_column("kind"),  # missing | stale | misplaced | extra
    sa.Column("is_gap", sa.Boolean, nullable=False),
    time_column("first_seen"),
    time_column("looked_at"),
    time_column("gap_since", nullable=True),
    count_column("absent_lookups"),
    text_column("found_tenant", nullable=True),
    time_column("found_version", nullable=True),
    time_column("closed_at", nullable=True),
    text_column(
        "closed_reason", nullable=True
    ),  # arrived | gone | left_filter | accepted | superseded
    text_column("closed_by", nullable=True),
    text_column("closed_note", nullable=True),
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
    id_column(),
    text_column("integration"),
    text_column("sync"),
    text_column("connection"),
    time_column("start"),
    time_column("end"),
    time_column("first_seen"),
    time_column("looked_at"),
    sa.Column("owed", JSONB, nullable=False),  # {tenant: number of records owed}
    sa.Column("examples", JSONB, nullable=False),  # [[tenant, key], …], 50 at most
    time_column("accepted_at", nullable=True),
    text_column("accepted_by", nullable=True),
    text_column("accepted_note", nullable=True),
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
    id_column(),
    text_column("integration"),
    text_column("sync"),
    text_column("side"),  # source | destination
    text_column("connection"),
    text_column("fingerprint"),
    sa.Column("shape", JSONB, nullable=False),
    time_column("accepted_at"),
    text_column("accepted_by", nullable=True),
    text_column("note", nullable=True),
    time_column("superseded_at", nullable=True),
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
    id_column(),
    sa.Column(
        "baseline_id", sa.BigInteger, sa.ForeignKey(baselines.c.id), nullable=False, index=True
    ),
    text_column("path"),
    text_column("kind"),  # lost | retyped | nullable | gained
    text_column("was"),
    text_column("now"),
    text_column("example"),
    sa.Column("fields", JSONB, nullable=False),  # {path: what was observed there}
    sa.Column("hits", sa.BigInteger, nullable=False),
    sa.Column("of", sa.BigInteger, nullable=False),
    sa.Column("clean", sa.BigInteger, nullable=False),
    time_column("first_seen"),
    time_column("last_seen"),
    time_column("closed_at", nullable=True),
    text_column("closed_reason", nullable=True),  # reverted | accepted | ignored | superseded
    text_column("closed_by", nullable=True),
    text_column("closed_note", nullable=True),
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
    id_column(),
    text_column("integration"),
    text_column("subject"),
    text_column("signal"),
    text_column("status"),
    text_column("severity", nullable=True),
    text_column("reason"),
    sa.Column("evidence", JSONB, nullable=False),
    sa.Column("tenants", ARRAY(sa.Text), nullable=False),
    sa.Column("parts", JSONB, nullable=False),
    text_column("details"),
    time_column("started_at"),
    time_column("last_at"),
    time_column("valid_until"),
    time_column("ended_at", nullable=True),
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
    id_column(),
    text_column("integration"),
    text_column("subject"),
    text_column("kind"),  # broken | blind
    text_column("state"),  # pending | open | recovering | resolved
    text_column("severity"),
    text_column("reason"),
    sa.Column("tenants", ARRAY(sa.Text), nullable=False),
    sa.Column("evidence", JSONB, nullable=False),  # the verdicts behind it, as plain data
    time_column("began_at"),
    time_column("opened_at", nullable=True),
    time_column("recovering_since", nullable=True),
    time_column("resolved_at", nullable=True),
    text_column("closed_reason", nullable=True),  # recovered | no longer watched
    time_column("reminded_at", nullable=True),
    time_column("updated_at"),
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
    id_column(),
    sa.Column(
        "incident_id", sa.BigInteger, sa.ForeignKey(incidents.c.id), nullable=False, index=True
    ),
    time_column("at"),
    text_column("transition"),  # opened | worsened | recovering | reopened | reminded | resolved
    text_column("severity"),
    text_column("reason"),
    sa.Column("tenants", ARRAY(sa.Text), nullable=False),
    comment="What happened to an incident, and when.",
)

outbox = sa.Table(
    "outbox",
    metadata,
    id_column(),
    text_column("dedup_key"),
    sa.Column("incident_id", sa.BigInteger, sa.ForeignKey(incidents.c.id), nullable=False),
    text_column("channel"),
    text_column("transition"),
    sa.Column("alert", JSONB, nullable=False),
    time_column("created_at"),
    count_column("attempts"),
    time_column("next_attempt_at"),
    time_column("leased_until", nullable=True),
    time_column("sent_at", nullable=True),
    text_column("error", nullable=True),
    sa.UniqueConstraint("dedup_key"),
    comment="Alerts that were decided; delivered at least once, in order per incident and channel.",
)
sa.Index("ix_outbox_unsent", outbox.c.next_attempt_at, postgresql_where=outbox.c.sent_at.is_(None))
sa.Index("ix_outbox_incident", outbox.c.incident_id, outbox.c.channel)
