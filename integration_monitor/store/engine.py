"""Connecting to the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from integration_monitor.store.bounded_connection import bound

DATABASE_URL = "INTEGRATION_MONITOR_DATABASE_URL"
POOL_SIZE = 20
IDLE_TIMES = 5
"""As many times a statement's time the server waits for the next one of a transaction: whoever
was given up does not learn of it, and would keep its locks."""


class StoreError(Exception):
    """The store cannot be used; the message says why and what to do. Holds no password."""


class Store:
    """The store's database. Open one per process and share it between threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction, committed at the end. Raises `StoreError` where the store is away."""
        with _said_clearly(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def autocommit(self) -> Iterator[sa.Connection]:
        """A connection of which each statement is a transaction. Raises `StoreError` as `begin`."""
        with _said_clearly(), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def connect_arguments(self, *, statement_timeout_s: float) -> dict[str, Any]:
        """What psycopg needs for a connection of one's own, outside of the pool."""
        _, arguments = self.engine.dialect.create_connect_args(self.engine.url)
        patience = timedelta(seconds=statement_timeout_s)
        return {**arguments, **_connect_args(patience)}

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_store(url: str, *, patience: timedelta | None = None) -> Store:
    """Prepare a store; connects at first use. Raises `StoreError` unless it is PostgreSQL.

    `patience` is the longest that a statement may take; a second later a server that says nothing
    is given up, whatever holds it or the network up. None: without an end.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreError(f"{DATABASE_URL} is not a database URL") from error
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise StoreError(f"{DATABASE_URL} must name a PostgreSQL server, not {parsed.drivername}")
    engine = sa.create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=POOL_SIZE,
        max_overflow=10,
        pool_pre_ping=True,
        connect_args=_connect_args(patience),
    )
    if patience is not None:
        bound(engine, patience_s=patience.total_seconds())
    return Store(engine)


def _connect_args(patience: timedelta | None) -> dict[str, object]:
    if patience is None:
        return {"connect_timeout": 5, "options": "-c timezone=UTC"}
    ms = int(patience.total_seconds() * 1000)
    return {
        "connect_timeout": 5,
        "options": f"-c timezone=UTC -c statement_timeout={ms}"
        f" -c idle_in_transaction_session_timeout={IDLE_TIMES * ms}",
        # What was sent and is not acknowledged, and silence while an answer is waited for.
        "tcp_user_timeout": ms,
        "keepalives_idle": max(1, ms // 2000),
        "keepalives_interval": max(1, ms // 6000),
        "keepalives_count": 3,
    }


def store_url(environ: Mapping[str, str]) -> str:
    """The URL of the store from the environment. Raises `StoreError` where it is not set."""
    url = environ.get(DATABASE_URL, "")
    if not url:
        raise StoreError(
            f"{DATABASE_URL} is not set: name a PostgreSQL server"
            " (postgresql://user:password@host/database), or use `integration-monitor demo`"
            " or `dev`, which start an embedded one"
        )
    return url


@contextmanager
def _said_clearly() -> Iterator[None]:
    try:
        yield
    except sa.exc.OperationalError as error:
        raise StoreError(f"the store does not answer: {_first_line(error)}") from error
    except sa.exc.PendingRollbackError as error:
        raise StoreError("the connection to the store was lost") from error
    except sa.exc.TimeoutError as error:
        raise StoreError("the store's connections are all in use") from error


def _first_line(error: sa.exc.OperationalError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else "no connection"
