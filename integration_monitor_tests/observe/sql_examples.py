"""A table of contacts on PostgreSQL, and how its sides are opened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration, Owner, Reference, Side, SqlSide
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import OpenSide, Page

CRM = Integration("crm", Owner("Owner", "owner@example.com"), "crm.yaml", "CRM")
ACME = Connection("acme")
EVERYBODY = Connection("-")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONTACTS = Side(
    at=SqlSide(Reference("WAREHOUSE"), table="crm.contacts"),
    key="id",
    updated_at="updated_at",
    loaded_at="loaded_at",
    tenant="tenant",
)
ROWS = """
create schema crm;
create table crm.contacts (
  id bigint, tenant text, plan text, updated_at timestamptz, loaded_at timestamp, uid uuid, day date
);
insert into crm.contacts values
 (1, 'acme', 'pro', '2026-03-01 00:00Z', '2026-03-01 00:01', '00000000-0000-4000-8000-00000000000A', '2026-03-01'),
 (2, 'acme', 'free', '2026-03-01 01:30+01', null, null, '2026-03-01'),
 (3, 'beta', 'pro', '2026-03-01 00:30Z', null, null, '2026-03-02'),
 (4, null, 'pro', '2026-03-01 00:45Z', null, null, null),
 (5, 'acme', 'pro', null, null, null, null),
 (null, 'acme', 'pro', '2026-03-01 00:10Z', null, null, null),
 (6, 'acme', null, '2026-03-01 01:00Z', null, null, null);
"""  # noqa: E501


def execute(url: str, script: str) -> None:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql(script)
    engine.dispose()


def opened(given: Reading, side: Side = CONTACTS, connection: Connection = EVERYBODY) -> OpenSide:
    return open_side(side, CRM, "destination", connection, given)


def keys(pages: Iterator[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]
