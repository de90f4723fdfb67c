"""Five weeks of webhooks before the demo began, as a receiver would have counted them.

Counts by the hour, which is all that silence is judged by: there are no events behind them, and
nothing says that a receiver of ours ran.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import psycopg
import sqlalchemy as sa
from numpy.random import Generator
from numpy.typing import NDArray

from integration_monitor.demo.rhythm import EVENNESS, Stream, activity, streams
from integration_monitor.store.webhook_tables import webhook_counts, webhook_rejections

Floats = NDArray[np.float64]

LENGTH = timedelta(weeks=5)
TRIED_AGO = timedelta(days=12)
_HOUR_S = 3600.0


class Count(NamedTuple):
    """A row of `webhook_counts`."""

    integration: str
    tenant: str
    type: str
    hour: datetime
    received: int
    duplicates: int
    first_at: datetime
    last_at: datetime
    longest_s: float


def load(connection: sa.Connection, integration: str, now: datetime, rng: Generator) -> None:
    """Count what would have come up to `now`."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - the store is opened with it
    statement = f"COPY {webhook_counts.fullname} ({', '.join(Count._fields)}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for count in counted(integration, now, rng):
            copy.write_row(count)
    connection.execute(webhook_rejections.insert(), _somebody_tried(integration, now))


def _somebody_tried(integration: str, now: datetime) -> Mapping[str, object]:
    """A request that somebody else made once: addresses are found and tried by anybody."""
    at = now - TRIED_AGO
    return {
        "integration": integration,
        "connection": "-",
        "reason": "mismatch",
        "minute": at.replace(second=0, microsecond=0),
        "requests": 1,
        "first_at": at,
        "last_at": at,
    }


def counted(integration: str, now: datetime, rng: Generator) -> Iterator[Count]:
    """The rows of `webhook_counts` for all streams, up to `now`."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    hours = int(LENGTH.total_seconds() / _HOUR_S) + 1
    starts = this_hour.timestamp() - _HOUR_S * np.arange(hours - 1, -1, -1)
    edges = np.append(starts, now.timestamp())
    busy = np.array([activity(datetime.fromtimestamp(start, UTC)) for start in starts])
    for stream, rate in streams().items():
        # Time that goes faster the busier people are: one event is expected in each unit of it.
        expected = np.append(0, np.cumsum(rate * busy * np.diff(edges)))
        gaps = rng.gamma(EVENNESS, 1 / EVENNESS, int(expected[-1] * 1.1) + 100)
        arrivals = np.interp(np.cumsum(gaps), expected, edges, right=np.inf)
        yield from _by_hour(integration, stream, edges, arrivals)


def _by_hour(integration: str, stream: Stream, edges: Floats, arrivals: Floats) -> Iterator[Count]:
    places = np.searchsorted(arrivals, edges)
    for start, begin, end in zip(edges, places, places[1:], strict=False):
        came = arrivals[begin:end]
        if len(came):
            yield Count(
                integration=integration,
                tenant=stream.tenant,
                type=stream.type,
                hour=datetime.fromtimestamp(start, UTC),
                received=len(came),
                duplicates=0,
                first_at=datetime.fromtimestamp(came[0], UTC),
                last_at=datetime.fromtimestamp(came[-1], UTC),
                longest_s=float(np.diff(came).max(initial=0)),
            )
