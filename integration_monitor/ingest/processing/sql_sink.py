"""A sink in PostgreSQL: unified events as rows of a table, the newest of each object in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.ingest.processing.attempts import Failure
from integration_monitor.ingest.processing.sink import Outgoing, SinkUnusable
from integration_monitor.ingest.processing.sink_tables import SinkTables, sink_tables
from integration_monitor.manifest.domain import MissingReference, Reference
from integration_monitor.manifest.webhooks import SqlSink
from integration_monitor.observe.database_errors import read_error
from integration_monitor.store.bounded_connection import bound

BATCH = 500
PATIENCE_S = 10.0
"""For a statement."""
_OF_A_VALUE = (sa.exc.DataError, sa.exc.IntegrityError, ValueError, RecursionError)
"""The last two: values that cannot be written as JSON."""


class OpenSqlSink:
    """Writes events in one transaction; where one of them is refused, each in one of its own."""

    batch = BATCH

    def __init__(self, engine: sa.Engine, tables: SinkTables, address: str) -> None:
        self._engine = engine
        self._tables = tables
        self._address = address
        self._is_there = False

    def deliver(self, events: Sequence[Outgoing], now: datetime) -> list[Failure | None]:
        try:
            self._write(events)
        except _OF_A_VALUE as error:
            if len(events) == 1:
                return [Failure("refused", self._said(error))]
            return [self.deliver([event], now)[0] for event in events]
        except sa.exc.SQLAlchemyError as error:
            self._is_there = False
            return [Failure("trouble", self._said(error))] * len(events)
        return [None] * len(events)

    def close(self) -> None:
        self._engine.dispose()

    def _write(self, events: Sequence[Outgoing]) -> None:
        with self._engine.begin() as connection:
            if not self._is_there:
                self._tables.create_missing(connection)
            self._tables.write(connection, list(events))
        self._is_there = True

    def _said(self, error: Exception) -> str:
        if not isinstance(error, sa.exc.SQLAlchemyError):
            return "it cannot be written as JSON"
        return str(read_error(error, self._engine.url, self._address))


def open_sql_sink(
    sink: SqlSink, environ: Mapping[str, str], *, patience_s: float = PATIENCE_S
) -> OpenSqlSink:
    """Prepare a sink; connects at first use. Raises `SinkUnusable`.

    `patience_s` bounds a statement; a second later a server that says nothing is given up.
    """
    try:
        text = sink.url.resolve(environ) if isinstance(sink.url, Reference) else sink.url
        url = sa.make_url(text)
    except MissingReference as error:
        raise SinkUnusable(str(error)) from None
    except (sa.exc.ArgumentError, ValueError):
        raise SinkUnusable("the database's URL cannot be read") from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise SinkUnusable(f"the database must be PostgreSQL, not {url.get_backend_name()}")
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=1,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 5,
            "options": f"-c timezone=UTC -c statement_timeout={int(patience_s * 1000)}",
        },
    )
    bound(engine, patience_s=patience_s)
    return OpenSqlSink(engine, sink_tables(sink.table), f"{url.host or ''}/{url.database or ''}")
