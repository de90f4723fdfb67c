"""The tables of webhooks: what came, what was counted of it, what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON

from integration_monitor.store.table_parts import (
    count_column,
    id_column,
    metadata,
    text_column,
    time_column,
)

webhook_events = sa.Table(
    "webhook_events",
    metadata,
    id_column(),
    text_column("integration"),
    text_column("connection"),
    text_column("event_id"),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("conflicting", sa.Boolean, nullable=False, server_default=sa.false()),
    text_column("type", nullable=True),
    text_column("tenant"),
    text_column("object_id", nullable=True),
    text_column("order_key", nullable=True),
    time_column("occurred_at", nullable=True),
    time_column("received_at"),
    sa.Column("headers", JSON, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("request_id", sa.BigInteger),
    sa.Column("entry", sa.Integer),  # of its request's list, from 1 on; null: all of its body
    text_column("state"),  # received | processed | dead
    text_column("unified_type", nullable=True),
    time_column("queued_at", nullable=True),
    time_column("processed_at", nullable=True),
    time_column("replayed_at", nullable=True),  # put back after it was read
    text_column("error", nullable=True),
    comment="Events that were acknowledged. A digest leaves out what may differ between repeats.",
)
sa.Index(
    "uq_webhook_events_id",
    webhook_events.c.integration, webhook_events.c.connection, webhook_events.c.event_id,
    webhook_events.c.digest,
    unique=True,
)  # fmt: skip
sa.Index(
    "ix_webhook_events_waiting",
    webhook_events.c.integration, webhook_events.c.queued_at, webhook_events.c.id,
    postgresql_where=webhook_events.c.state == "received",
)  # fmt: skip
sa.Index("ix_webhook_events_received_at", webhook_events.c.received_at, postgresql_using="brin")

webhook_requests = sa.Table(
    "webhook_requests",
    metadata,
    id_column(),
    time_column("received_at"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    comment="The raw bodies of requests that held a list of events.",
)

webhook_counts = sa.Table(
    "webhook_counts",
    metadata,
    text_column("integration", primary_key=True),
    text_column("tenant", primary_key=True),
    text_column("type", primary_key=True),
    sa.Column("hour", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("received", sa.BigInteger, nullable=False),
    sa.Column("duplicates", sa.BigInteger, nullable=False),
    time_column("first_at"),
    time_column("last_at"),
    sa.Column("longest_s", sa.Float, nullable=False, server_default="0"),
    comment="Events by the hour in which they came, with the longest gap within it.",
)
sa.Index("ix_webhook_counts_hour", webhook_counts.c.hour, webhook_counts.c.integration)

webhook_tallies = sa.Table(
    "webhook_tallies",
    metadata,
    sa.Column(
        "stored_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
    ),
    *(
        sa.Column(f"{prefix}{name}", sa.ARRAY(kind))
        for prefix in ("", "new_")
        for name, kind in (
            ("integration", sa.Text),
            ("tenant", sa.Text),
            ("type", sa.Text),
            ("received_at", sa.DateTime(timezone=True)),
        )
    ),
    comment="The events of a transaction of a receiver, and which of them were new, column by"
    " column; within a second they are added up.",
)

webhook_rejections = sa.Table(
    "webhook_rejections",
    metadata,
    text_column("integration", primary_key=True),
    text_column("connection", primary_key=True),
    text_column("reason", primary_key=True),
    sa.Column("minute", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("requests", sa.BigInteger, nullable=False),
    time_column("first_at"),
    time_column("last_at"),
    comment="Requests that were not the partner's, or could not be taken, by minute and reason.",
)
sa.Index("ix_webhook_rejections_minute", webhook_rejections.c.minute)
sa.Index(
    "ix_webhook_rejections_unavailable",
    webhook_rejections.c.integration, webhook_rejections.c.minute,
    postgresql_where=webhook_rejections.c.reason == "unavailable",
)  # fmt: skip

webhook_accepted = sa.Table(
    "webhook_accepted",
    metadata,
    text_column("integration", primary_key=True),
    text_column("connection", primary_key=True),
    sa.Column("minute", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("requests", sa.BigInteger, nullable=False),
    comment="Requests that were acknowledged, repeats too, by the minute in which they came.",
)
sa.Index("ix_webhook_accepted_minute", webhook_accepted.c.minute)

receiver_minutes = sa.Table(
    "receiver_minutes",
    metadata,
    sa.Column("minute", sa.DateTime(timezone=True), primary_key=True),
    comment="Minutes in which a receiver was up and could store: others are no partner's silence.",
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("event", sa.BigInteger, primary_key=True, autoincrement=False),
    text_column("sink", primary_key=True),
    text_column("integration"),
    text_column("order_key", nullable=True),
    text_column("state"),  # waiting | delivered | dead
    count_column("attempts"),
    time_column("waiting_since"),
    time_column("next_attempt_at"),
    time_column("delivered_at", nullable=True),
    text_column("error", nullable=True),
    comment="What became of an event at each sink.",
)
sa.Index(
    "ix_webhook_deliveries_waiting",
    webhook_deliveries.c.integration, webhook_deliveries.c.sink, webhook_deliveries.c.event,
    postgresql_where=webhook_deliveries.c.state == "waiting",
)  # fmt: skip

webhook_objects = sa.Table(
    "webhook_objects",
    metadata,
    text_column("integration", primary_key=True),
    text_column("tenant", primary_key=True),
    text_column("kind", primary_key=True),
    text_column("object_id", primary_key=True),
    time_column("occurred_at"),
    sa.Column("event", sa.BigInteger, nullable=False),
    comment="The newest event of each object that was read.",
)

webhook_baselines = sa.Table(
    "webhook_baselines",
    metadata,
    text_column("integration", primary_key=True),
    text_column("tenant", primary_key=True),
    text_column("type", primary_key=True),
    time_column("fitted_at"),
    sa.Column("weeks", sa.Float, nullable=False),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("shapes", sa.LargeBinary, nullable=False),
    sa.Column("tail_start", sa.Float),
    sa.Column("tail_excess", sa.Float),
    sa.Column("tail_share", sa.Float),
    sa.Column("long_gap_s", sa.Float),
    time_column("drop_since", nullable=True),
    sa.Column("drop_received", sa.Float),
    sa.Column("drop_expected", sa.Float),
    comment="How a stream usually flows: of each hour of the week the shape of its posterior, as"
    " 168 floats of 4 bytes, little-endian. Tenant and type * are the sum of an integration.",
)

webhook_subscriptions = sa.Table(
    "webhook_subscriptions",
    metadata,
    text_column("integration", primary_key=True),
    text_column("connection", primary_key=True),
    time_column("asked_at"),
    sa.Column("enabled", sa.Boolean),
    text_column("error", nullable=True),
    comment="What partners say of our subscriptions.",
)
