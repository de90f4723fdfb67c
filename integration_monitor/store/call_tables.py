"""The tables of calls: what was counted of them, what partners say in headers, their changelogs."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from integration_monitor.store.table_parts import (
    id_column,
    metadata,
    text_column,
    time_column,
)


def _calls(name: str, time: str, *, by_tenant: bool, comment: str) -> sa.Table:
    """Counts are only ever added: rows that are alike are summed when they are read."""
    return sa.Table(
        name,
        metadata,
        time_column(time),
        text_column("integration"),
        text_column("endpoint"),
        *([text_column("tenant")] if by_tenant else []),
        text_column("outcome"),
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
    text_column("id", primary_key=True),
    text_column("source"),
    time_column("received_at"),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("dropped", sa.BigInteger, nullable=False),
    comment="Batches of calls that were stored: one that comes again does not count again.",
)
sa.Index("ix_call_batches_received_at", call_batches.c.received_at)

roll_ups_due = sa.Table(
    "roll_ups_due",
    metadata,
    text_column("grain"),  # hour | day
    time_column("start"),
    text_column("integration"),
    comment="Hours and days that calls came into since they were rolled up; rows repeat.",
)
sa.Index("ix_roll_ups_due_start", roll_ups_due.c.grain, roll_ups_due.c.start)

dropped_partitions = sa.Table(
    "dropped_partitions",
    metadata,
    text_column("partitioned", primary_key=True),
    time_column("before"),
    comment="Up to when the partitions of a table were dropped: nothing older is added again.",
)

exemplars = sa.Table(
    "exemplars",
    metadata,
    id_column(),
    time_column("at"),
    text_column("integration"),
    text_column("endpoint"),
    text_column("tenant"),
    text_column("outcome"),
    sa.Column("status", sa.Integer),
    text_column("error_code", nullable=True),
    text_column("request_id", nullable=True),
    text_column("message", nullable=True),
    text_column("key", nullable=True),
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
    text_column("integration", primary_key=True),
    text_column("tenant", primary_key=True),
    text_column("policy", primary_key=True),
    sa.Column("limit", sa.BigInteger),
    sa.Column("remaining", sa.BigInteger),
    time_column("reset_at", nullable=True),
    sa.Column("window_s", sa.Float),
    time_column("seen_at"),
    comment="What the partner said last of each limit.",
)

notices = sa.Table(
    "notices",
    metadata,
    text_column("integration", primary_key=True),
    text_column("endpoint", primary_key=True),
    text_column("kind", primary_key=True),  # deprecation | sunset
    sa.Column("on", sa.Date),
    text_column("link", nullable=True),
    time_column("first_seen"),
    time_column("last_seen"),
    comment="Announcements in headers that an endpoint is, or will be, gone.",
)

response_shapes = sa.Table(
    "response_shapes",
    metadata,
    id_column(),
    text_column("integration"),
    text_column("endpoint"),
    sa.Column("shape", JSONB, nullable=False),
    time_column("seen_at"),
    comment="Fields of sampled answers, until they are compared with the baseline.",
)
sa.Index("ix_response_shapes_integration", response_shapes.c.integration, response_shapes.c.seen_at)

changelog_entries = sa.Table(
    "changelog_entries",
    metadata,
    text_column("integration", primary_key=True),
    text_column("entry", primary_key=True),
    text_column("title"),
    text_column("link", nullable=True),
    time_column("published_at", nullable=True),
    time_column("first_seen"),
    time_column("last_seen"),
    sa.Column("marks", ARRAY(sa.Text), nullable=False),
    sa.Column("from_first_read", sa.Boolean, nullable=False),
    time_column("acknowledged_at", nullable=True),
    text_column("acknowledged_by", nullable=True),
    text_column("note", nullable=True),
    comment="Entries of the partner's changelog.",
)

changelog_reads = sa.Table(
    "changelog_reads",
    metadata,
    text_column("integration", primary_key=True),
    time_column("read_at", nullable=True),
    time_column("tried_at"),
    text_column("error", nullable=True),
    text_column("feed", nullable=True),  # a digest of its address, once it was read
    text_column("etag", nullable=True),
    text_column("modified", nullable=True),
    comment="When a partner's changelog was last read, and why not.",
)
