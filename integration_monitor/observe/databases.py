"""Users' databases: engines, prepared sessions, and errors that name no password."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, cast
from urllib.parse import quote

import sqlalchemy as sa

from integration_monitor.observe.database_errors import read_error
from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.side import ReadError

Found = TypeVar("Found")

CONNECT_TIMEOUT = timedelta(seconds=5)
SQLITE_STEPS = 10_000
"""SQLite asks after so many steps of its virtual machine whether to go on."""


@dataclass(frozen=True)
class Database:
    """One user's database."""

    engine: sa.Engine
    address: str
    """`host:port/name`, for messages."""

    @property
    def dialect(self) -> str:
        """SQLAlchemy's name of the kind of database."""
        return self.engine.dialect.name

    @contextmanager
    def session(self, deadline: Deadline, timeout: timedelta) -> Iterator[sa.Connection]:
        """A read-only session in UTC, whose statements end with the timeout or the deadline.

        Only PostgreSQL and SQLite can end a statement that is under way; elsewhere the deadline
        is looked at between pages. Raises `ReadError`, also for what fails inside.
        """
        seconds = min(timeout.total_seconds(), deadline.remaining())
        try:
            with (
                self.engine.connect() as connection,
                _prepared(connection, self.dialect, seconds),
            ):
                yield connection
        except (sa.exc.SQLAlchemyError, UnicodeError) as error:
            raise read_error(error, self.engine.url, self.address) from None


class Engines:
    """The engines of one measurement, one a URL; share it between threads, dispose of it after."""

    def __init__(self, connect_timeout: timedelta = CONNECT_TIMEOUT) -> None:
        self._connect_timeout = connect_timeout
        self._lock = threading.Lock()
        self._databases: dict[str, Database] = {}
        self._known: dict[object, object] = {}

    def database(self, url: str) -> Database:
        """The database at this URL; connects at first use. Raises `ReadError` of kind `config`."""
        with self._lock:
            if url not in self._databases:
                self._databases[url] = _database(url, self._connect_timeout)
            return self._databases[url]

    def remember(self, subject: object, find: Callable[[], Found]) -> Found:
        """What was found about a subject before, or else now."""
        if subject not in self._known:
            self._known[subject] = find()
        return cast("Found", self._known[subject])

    def dispose(self) -> None:
        """Close all connections."""
        with self._lock:
            for database in self._databases.values():
                database.engine.dispose()
            self._databases.clear()
            self._known.clear()


def _database(text: str, connect_timeout: timedelta) -> Database:
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise ReadError("config", "the database's URL cannot be read") from None
    address = _address(url)
    if url.get_backend_name() in ("postgresql", "postgres"):
        url, arguments = _postgres(url, connect_timeout)
    else:
        url, arguments = _sqlite(url) if url.get_backend_name() == "sqlite" else url, {}
    try:
        engine = sa.create_engine(
            url,
            connect_args=arguments,
            pool_pre_ping=True,
            pool_size=5,
            max_overflow=45,
            pool_timeout=connect_timeout.total_seconds(),
        )
    except (sa.exc.ArgumentError, ImportError, TypeError):
        raise ReadError("config", f"no driver for `{url.drivername}` is installed") from None
    return Database(engine, address)


def _postgres(url: sa.URL, connect_timeout: timedelta) -> tuple[sa.URL, dict[str, object]]:
    milliseconds = int(connect_timeout.total_seconds() * 1000)
    return url.set(drivername="postgresql+psycopg"), {
        "connect_timeout": max(2, round(connect_timeout.total_seconds())),
        "tcp_user_timeout": milliseconds,
        # A server that vanishes while it is waited for is noticed after some 25 seconds.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "application_name": "integration-monitor",
    }


def _sqlite(url: sa.URL) -> sa.URL:
    """Opened read-only: SQLite would otherwise make an empty database of a mistyped path."""
    if not url.database or url.database.startswith((":memory:", "file:")):
        return url
    return url.set(database=f"file:{quote(url.database)}", query={"mode": "ro", "uri": "true"})


def _address(url: sa.URL) -> str:
    host = f"{url.host or ''}:{url.port}" if url.port else url.host or ""
    return f"{host}/{url.database}" if host else url.database or url.drivername


@contextmanager
def _prepared(connection: sa.Connection, dialect: str, seconds: float) -> Iterator[None]:
    if dialect == "postgresql":
        # Settings of the transaction, not of the start-up packet: poolers pass them on.
        connection.execute(
            sa.text(
                "select set_config('timezone', 'UTC', true),"
                " set_config('datestyle', 'ISO', true),"
                " set_config('statement_timeout', :milliseconds, true),"
                " set_config('transaction_read_only', 'on', true)"
            ),
            {"milliseconds": str(max(1, int(seconds * 1000)))},
        )
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    timer = Deadline(timedelta(seconds=seconds))
    driver.set_progress_handler(lambda: _passed(timer), SQLITE_STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def _passed(deadline: Deadline) -> bool:
    try:
        deadline.remaining()
    except ReadError:
        return True
    return False
