"""The two tables of a sink in PostgreSQL: events, and the newest event of each object."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from integration_monitor.ingest.processing.sink import Outgoing
from integration_monitor.ingest.processing.unified_event import raw_reference

OBJECTS = "_objects"

_Columns = sa.sql.base.ReadOnlyColumnCollection[str, Any]


@dataclass(frozen=True)
class SinkTables:
    """The tables that are written."""

    events: sa.Table
    objects: sa.Table

    def create_missing(self, connection: sa.Connection) -> None:
        """Create what is not there; who made the tables needs no right to create any."""
        schema = self.events.schema
        inspector = sa.inspect(connection)
        missing = [
            table
            for table in (self.events, self.objects)
            if not inspector.has_table(table.name, schema=schema)
        ]
        if not missing:
            return
        # Workers that start together: CREATE … IF NOT EXISTS alone may fail for the second one.
        lock = sa.func.pg_advisory_xact_lock(sa.func.hashtext(self.events.fullname))
        connection.execute(sa.select(lock))
        if schema and not inspector.has_schema(schema):
            connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        for table in missing:
            connection.execute(sa.schema.CreateTable(table, if_not_exists=True))

    def write(self, connection: sa.Connection, events: list[Outgoing]) -> None:
        """Write events in their order; one that is there is written over by itself."""
        rows = [_event_row(outgoing) for outgoing in events]
        connection.execute(_upsert_events(self.events), rows)
        newest = [_object_row(outgoing) for outgoing in events if outgoing.event.object_id]
        if newest:
            connection.execute(_upsert_objects(self.objects), newest)


def sink_tables(name: str) -> SinkTables:
    """The tables of a sink: `NAME` and `NAME_objects`, `NAME` with its schema where it has one."""
    schema, _, table = name.rpartition(".")
    metadata = sa.MetaData(schema=schema or None)
    events = sa.Table(
        table, metadata,
        sa.Column("id", sa.Text, primary_key=True),
        *_shared(),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("superseded", sa.Boolean, nullable=False),
        sa.Column("conflicting", sa.Boolean, nullable=False),
        sa.Column("raw", JSONB, nullable=False),
    )  # fmt: skip
    objects = sa.Table(
        f"{table}{OBJECTS}", metadata,
        *_shared(key=("integration", "tenant", "kind", "object_id")),
        sa.Column("version", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
    )  # fmt: skip
    return SinkTables(events, objects)


def _shared(key: tuple[str, ...] = ()) -> list[sa.Column[object]]:
    def text(name: str, *, nullable: bool = False) -> sa.Column[object]:
        return sa.Column(name, sa.Text, primary_key=name in key, nullable=nullable)

    return [
        text("integration"),
        text("tenant"),
        text("type"),
        text("kind"),
        text("object_id", nullable="object_id" not in key),
        sa.Column("occurred_at", sa.DateTime(timezone=True)),
        sa.Column("data", JSONB, nullable=False),
    ]


def _upsert_events(table: sa.Table) -> sa.Insert:
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=["id"], set_=_others(statement.excluded, key=("id",))
    )


def _upsert_objects(table: sa.Table) -> sa.Insert:
    """An older event does not overwrite a newer one, in whatever order they come."""
    statement = insert(table)
    key = [column.name for column in table.primary_key]
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=key,
        set_=_others(new, key=key),
        where=sa.tuple_(new.version, new.sequence) >= sa.tuple_(table.c.version, table.c.sequence),
    )


def _others(new: _Columns, key: Collection[str]) -> dict[str, object]:
    return {name: column for name, column in new.items() if name not in key}


def _event_row(outgoing: Outgoing) -> dict[str, object]:
    event = outgoing.event
    return {
        **_shared_values(outgoing),
        "id": event.id,
        "received_at": event.received_at,
        "sequence": event.sequence,
        "superseded": outgoing.superseded,
        "conflicting": event.conflicting,
        "raw": raw_reference(event.raw),
    }


def _object_row(outgoing: Outgoing) -> dict[str, object]:
    event = outgoing.event
    version, sequence = event.version
    return {
        **_shared_values(outgoing),
        "version": version,
        "sequence": sequence,
        "event": event.id,
    }


def _shared_values(outgoing: Outgoing) -> dict[str, object]:
    event = outgoing.event
    return {
        "integration": event.integration,
        "tenant": event.tenant,
        "type": event.type,
        "kind": event.kind,
        "object_id": event.object_id,
        "occurred_at": event.occurred_at,
        "data": dict(event.data),
    }
