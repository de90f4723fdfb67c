"""A MariaDB server of the tests' own, on a port of the loopback interface."""

from __future__ import annotations

import getpass
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pymysql

SERVER = shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
INSTALLER = shutil.which("mariadb-install-db")


@dataclass(frozen=True)
class MariaDb:
    """A running server whose administrator has no password."""

    port: int
    process: subprocess.Popen[bytes]

    def url(self, database: str = "", user: str = "root", password: str = "") -> str:
        """A URL of one of its databases."""
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: str, database: str | None = None) -> None:
        """Run statements, each in a transaction of its own."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def connect(self, database: str | None = None) -> Iterator[pymysql.Connection]:
        """A session of the administrator in UTC, closed afterwards."""
        connection = pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="root",
            database=database,
            autocommit=True,
            init_command="set time_zone = '+00:00'",
        )
        try:
            yield connection
        finally:
            connection.close()

    def kill_readers(self) -> None:
        """End every session but the one that does this."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "select id from information_schema.processlist"
                " where id <> connection_id() and command <> 'Daemon' and user = 'root'"
            )
            for (session,) in cursor.fetchall():
                cursor.execute(f"kill {session}")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server answers nobody within the block."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def temporary_mariadb() -> Iterator[MariaDb]:
    """A server on an empty directory, in a time zone that is not UTC."""
    assert SERVER is not None
    assert INSTALLER is not None
    with TemporaryDirectory(prefix="im-mariadb-") as name:
        directory = Path(name)
        data, user = directory / "data", getpass.getuser()
        subprocess.run(
            [INSTALLER, "--no-defaults", f"--datadir={data}", f"--user={user}",
             "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True, capture_output=True,
        )  # fmt: skip
        port = _free_port()
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen(
                [SERVER, "--no-defaults", f"--user={user}", f"--datadir={data}",
                 f"--socket={directory / 'socket'}", f"--pid-file={directory / 'pid'}",
                 f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve",
                 "--skip-log-bin", "--innodb-buffer-pool-size=32M",
                 "--innodb-flush-log-at-trx-commit=0", "--default-time-zone=+05:00"],
                stdout=log, stderr=log,
            )  # fmt: skip
            try:
                server = MariaDb(port, process)
                _wait(server, directory / "log")
                yield server
            finally:
                process.terminate()
                process.wait(30)


def _wait(server: MariaDb, log: Path) -> None:
    for _ in range(600):
        if server.process.poll() is not None:
            break
        try:
            server.execute("select 1")
        except pymysql.err.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"MariaDB did not start:\n{log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
