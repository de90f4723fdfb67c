"""When calls arrived, and how many could not be kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.store.call_tables import call_batches


@dataclass(frozen=True)
class Arrivals:
    """Of the batches that came since a time."""

    calls: int
    dropped: int
    """Calls that were counted, but could not be kept anywhere."""
    last: datetime | None
    """When the last batch came; None where none did."""


def read(connection: sa.Connection, since: datetime) -> Arrivals:
    """What came since a time."""
    known = call_batches.c
    query = sa.select(
        sa.func.coalesce(sa.func.sum(known.calls), 0).cast(sa.BigInteger),
        sa.func.coalesce(sa.func.sum(known.dropped), 0).cast(sa.BigInteger),
        sa.func.max(known.received_at),
    ).where(known.received_at >= since)
    return Arrivals(*connection.execute(query).one())
