"""One user's database of each kind that is tested for real."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from integration_monitor.observe.reading import Reading
from integration_monitor_tests.observe.databases.mariadb import (
    INSTALLER,
    SERVER,
    MariaDb,
    temporary_mariadb,
)
from integration_monitor_tests.observe.readings import reading

_numbers = itertools.count()
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """The session's MariaDB server."""
    if SERVER is None or INSTALLER is None:
        pytest.skip("no MariaDB server is installed here (mariadbd, mariadb-install-db)")
    with temporary_mariadb() as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb: MariaDb) -> Iterator[str]:
    """An empty database of the MariaDB server."""
    name = f"user_{next(_numbers)}"
    mariadb.execute(f"create database {name}")
    yield mariadb.url(name)
    mariadb.execute(f"drop database {name}")


@dataclass(frozen=True)
class UserDatabase:
    """A database with a URL under the variable `DB`, and somebody who writes to it."""

    kind: str
    url: str
    given: Reading

    def write(self, *statements: str) -> None:
        """Run statements as the database's owner, in UTC."""
        execute(self.url, *statements)


def execute(url: str, *statements: str) -> None:
    """Run statements on any database."""
    parsed = sa.make_url(url)
    driver = _DRIVERS.get(parsed.drivername, parsed.drivername)
    engine = sa.create_engine(parsed.set(drivername=driver), poolclass=sa.NullPool)
    with engine.begin() as connection:
        if parsed.drivername == "mysql":
            connection.exec_driver_sql("set time_zone = '+00:00'")
        if parsed.drivername in ("duckdb", "postgresql"):
            connection.exec_driver_sql("set timezone = 'UTC'")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


KINDS = [
    "postgresql",
    "sqlite",
    "duckdb",
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UserDatabase]:
    """An empty database of each kind."""
    urls: dict[str, Callable[[], str]] = {
        "postgresql": lambda: str(request.getfixturevalue("database_url")),
        "sqlite": lambda: f"sqlite:///{tmp_path / 'pro duct.db'}",
        "duckdb": lambda: f"duckdb:///{tmp_path / 'ware house.db'}",
        "mariadb": lambda: str(request.getfixturevalue("mariadb_url")),
    }
    url = urls[request.param]()
    with reading({"DB": url}) as given:
        yield UserDatabase(request.param, url, given)
