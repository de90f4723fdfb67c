"""Users' databases: engines, prepared sessions, and errors that name no password."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast
from urllib.parse import quote

import sqlalchemy as sa

from integration_monitor.observe.database_errors import read_error
from integration_monitor.observe.dialects import Dialect, by_name, dialect_of
from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.sessions import prepared
from integration_monitor.observe.sharing import Sharing
from integration_monitor.observe.side import ReadError

Found = TypeVar("Found")

CONNECT_TIMEOUT = timedelta(seconds=5)


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

    @property
    def wording(self) -> Dialect:
        """What is particular about this kind of database."""
        return dialect_of(self.engine.dialect)

    @contextmanager
    def session(
        self, deadline: Deadline, timeout: timedelta, *, streamed: bool = False
    ) -> Iterator[sa.Connection]:
        """A read-only session in UTC, whose statements end with the timeout or the deadline.

        A result that is streamed ends with the deadline alone, where it is one statement.
        BigQuery has no such end; there the deadline is looked at between pages.
        Raises `ReadError`, also for what fails inside.
        """
        seconds = deadline.remaining()
        if not streamed or self.wording.paged:
            seconds = min(timeout.total_seconds(), seconds)
        try:
            with (
                self.engine.connect() as connection,
                prepared(connection, self.wording, seconds),
            ):
                yield connection
        except (sa.exc.SQLAlchemyError, UnicodeError) as error:
            raise read_error(error, self.engine.url, self.address) from None
        except self.wording.errors() as error:
            raise _no_credentials(error, self.address) from None


class Engines:
    """The engines of one measurement, one a URL; share it between threads, dispose of it after.

    Measurements that go on at the same time share engines, and what these know: the connections
    they made, and the SQL they compiled.
    """

    def __init__(self, connect_timeout: timedelta = CONNECT_TIMEOUT) -> None:
        self._connect_timeout = connect_timeout
        self._lock = threading.Lock()
        self._databases: dict[str, Database] = {}
        self._known: dict[object, object] = {}
        self._is_over = False

    def database(self, url: str) -> Database:
        """The database at this URL; connects at first use.

        Raises `ReadError` of kind `config`, and of kind `timeout` after `dispose`.
        """
        with self._lock:
            if self._is_over:
                # A thread that nobody waits for any more: what it took would never be given back.
                raise ReadError("timeout", "the measurement is over")
            if url not in self._databases:
                self._databases[url] = _OPEN.take(
                    (url, self._connect_timeout), lambda: _database(url, self._connect_timeout)
                )
            return self._databases[url]

    def remember(self, subject: object, find: Callable[[], Found]) -> Found:
        """What was found about a subject before, or else now."""
        if subject not in self._known:
            self._known[subject] = find()
        return cast("Found", self._known[subject])

    def dispose(self) -> None:
        """Close all connections, except for those that others still use."""
        with self._lock:
            self._is_over = True
            for url in self._databases:
                database = _OPEN.give_back((url, self._connect_timeout))
                if database is not None:
                    database.engine.dispose()
            self._databases.clear()
            self._known.clear()


_OPEN: Sharing[tuple[str, timedelta], Database] = Sharing()


def _database(text: str, connect_timeout: timedelta) -> Database:
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise ReadError("config", "the database's URL cannot be read") from None
    address = _address(url)
    wording = by_name(_backend(url))
    url = _adapted(url, wording)
    try:
        engine = sa.create_engine(
            url,
            connect_args=_arguments(url, wording, connect_timeout),
            **_pool(wording),
        )
    except (sa.exc.ArgumentError, ImportError, TypeError):
        raise ReadError("config", _no_driver(url, wording)) from None
    except wording.errors() as error:
        raise _no_credentials(error, address) from None
    if engine.dialect.name == "mysql":
        sa.event.listen(engine, "handle_error", _forget_broken_stream)
    return Database(engine, address)


def _forget_broken_stream(context: sa.engine.ExceptionContext) -> None:
    """Keep PyMySQL from reading a result to its end over a connection that broke."""
    result = getattr(getattr(context.execution_context, "cursor", None), "_result", None)
    if context.is_disconnect and result is not None:
        result.unbuffered_active = False


def _backend(url: sa.URL) -> str:
    name = url.get_backend_name()
    return {"postgres": "postgresql", "mariadb": "mysql"}.get(name, name)


def _adapted(url: sa.URL, wording: Dialect) -> sa.URL:
    """The URL with the driver that is tested, and a file opened only for reading."""
    backend = _backend(url)
    if backend == "sqlite":
        return _sqlite(url)
    if wording.driver is None or (backend == "mysql" and "+" in url.drivername):
        return url
    return url.set(drivername=f"{backend}+{wording.driver}")


def _arguments(url: sa.URL, wording: Dialect, connect_timeout: timedelta) -> dict[str, object]:
    if _backend(url) == "duckdb" and _is_file(url):
        return {"read_only": True}
    if wording.driver is not None and wording.driver != url.get_driver_name():
        return {}  # another driver has other arguments
    return dict(wording.connect(max(1, round(connect_timeout.total_seconds()))))


def _pool(wording: Dialect) -> dict[str, Any]:
    if not wording.pooled:
        return {"poolclass": sa.pool.NullPool}
    return {
        "pool_pre_ping": wording.pinged,
        # What is beyond it is closed when it is given back, and a new one costs milliseconds.
        "pool_size": 50,
        # How many there can be is decided by how much is measured at one time. A limit here would
        # lock up: who streams from one connection waits for a second one to look records up.
        "max_overflow": -1,
    }


def _no_credentials(error: Exception, address: str) -> ReadError:
    said = (str(error) or type(error).__name__).splitlines()[0]
    return ReadError("auth", f"no credentials for the database {address}: {said}")


def _no_driver(url: sa.URL, wording: Dialect) -> str:
    missing = f"no driver for `{url.drivername}` is installed"
    if wording.extra is None:
        return missing
    return f"{missing}; install it by: pip install 'integration-monitor[{wording.extra}]'"


def _sqlite(url: sa.URL) -> sa.URL:
    """Opened read-only: SQLite would otherwise make an empty database of a mistyped path."""
    if not url.database or url.database.startswith((":memory:", "file:")):
        return url
    return url.set(database=f"file:{quote(url.database)}", query={"mode": "ro", "uri": "true"})


def _is_file(url: sa.URL) -> bool:
    """Whether a DuckDB URL names a file, not memory or a service."""
    return bool(url.database) and not str(url.database).startswith((":", "md:", "motherduck:"))


def _address(url: sa.URL) -> str:
    host = f"{url.host or ''}:{url.port}" if url.port else url.host or ""
    return f"{host}/{url.database}" if host else url.database or url.drivername
