"""What is particular about each kind of database, in one place.

Everything else is written once, in SQLAlchemy's words. The entries of PostgreSQL, SQLite, MariaDB
and DuckDB are tested on the database itself, the others only as compiled text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

Expression: TypeAlias = "sa.ColumnElement[Any]"

READ_TIMEOUT = timedelta(seconds=60)
"""After so long without a byte a server is given up on, where the network does not tell."""


@dataclass(frozen=True)
class Dialect:
    """How statements of ours have to be worded for one kind of database."""

    clock: str = "current_timestamp"
    """An expression for the present in UTC."""
    driver: str | None = None
    """What is used where a URL names none, or one that is not the one tested."""
    extra: str | None = None
    """The extra of this package that brings the driver."""
    lookup: int = 1_000
    """Keys in one statement."""
    arrays: bool = False
    """Whether they may be sent as one value: a parameter for each takes far longer."""
    settings: Callable[[float], tuple[str, ...]] = lambda seconds: ()
    """Statements that begin a session: UTC, only reading, and an end after so many seconds."""
    connect: Callable[[int], Mapping[str, object]] = lambda seconds: {}
    """Arguments of the driver, given the seconds that connecting may take."""
    pooled: bool = True
    """Whether connections are kept between statements."""
    paged: bool = True
    """Whether the timeout leaves out the time in which we read a streamed result."""
    pinged: bool = True
    """Whether a kept connection is tried before its next use: where that costs no query."""
    errors: Callable[[], tuple[type[Exception], ...]] = tuple
    """What the driver raises about credentials before SQLAlchemy takes its errors over."""
    reflected: bool = True
    """Whether tables are described by SQLAlchemy, beyond what the driver says of a result."""
    text_time: Callable[[Expression], Expression] = lambda text: text
    """A text column as a moment, null where it holds none."""
    text_is_aware: bool = False
    """Whether that moment has a time zone."""
    text_slack: timedelta = timedelta(0)
    """How far off such a moment may be; what lies outside the range is dropped again."""
    aware: sa.types.TypeEngine[Any] = field(default_factory=lambda: sa.DateTime(timezone=True))
    """The type of a moment with a time zone."""
    naive: sa.types.TypeEngine[Any] = field(default_factory=sa.DateTime)


def dialect_of(spoken: sa.Dialect) -> Dialect:
    """What is known about the database that SQLAlchemy talks to; MariaDB once it has answered."""
    if spoken.name == "mysql" and getattr(spoken, "is_mariadb", False):
        return _MARIADB
    return by_name(spoken.name)


def by_name(backend: str) -> Dialect:
    """What is known about a kind of database, by the first part of its URL."""
    return _DIALECTS.get(backend, _ANY)


def _postgres_settings(seconds: float) -> tuple[str, ...]:
    # Settings of the transaction, not of the start-up packet: poolers pass them on.
    settings = (
        "select set_config('timezone', 'UTC', true),"
        " set_config('datestyle', 'ISO', true),"
        f" set_config('statement_timeout', '{_milliseconds(seconds)}', true),"
        " set_config('transaction_read_only', 'on', true)"
    )
    return (settings,)


def _postgres_connect(seconds: int) -> Mapping[str, object]:
    return {
        "connect_timeout": max(2, seconds),
        "tcp_user_timeout": seconds * 1000,
        # A server that vanishes while it is waited for is noticed after some 25 seconds.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "application_name": "integration-monitor",
    }


def _mysql_settings(seconds: float) -> tuple[str, ...]:
    return _mysql_session(f"max_execution_time = {_milliseconds(seconds)}", seconds)


def _mariadb_settings(seconds: float) -> tuple[str, ...]:
    return _mysql_session(f"max_statement_time = {max(0.001, seconds):.3f}", seconds)


def _mysql_session(end: str, seconds: float) -> tuple[str, ...]:
    # net_write_timeout: we may look records up for long between two pages of a streamed result.
    waits = f"lock_wait_timeout = {_whole(seconds)}, net_write_timeout = 600"
    return (
        f"set session time_zone = '+00:00', {end}, {waits}",
        "set session transaction read only",
    )


def _mysql_connect(seconds: int) -> Mapping[str, object]:
    return {
        "connect_timeout": seconds,
        "read_timeout": READ_TIMEOUT.total_seconds(),
        "write_timeout": READ_TIMEOUT.total_seconds(),
        "program_name": "integration-monitor",
    }


def _mysql_time(text: Expression) -> Expression:
    return sa.cast(text, mysql.DATETIME(fsp=6))


def _postgres_time(text: Expression) -> Expression:
    return sa.cast(sa.func.nullif(text, ""), sa.DateTime(timezone=True))


def _duckdb_time(text: Expression) -> Expression:
    return sa.try_cast(text, sa.TIMESTAMP(timezone=True))


def _bigquery_time(text: Expression) -> Expression:
    return sa.func.safe_cast(text.op("as")(sa.literal_column("timestamp")))


def _google_errors() -> tuple[type[Exception], ...]:
    from google.auth.exceptions import GoogleAuthError

    return (GoogleAuthError,)


def _snowflake_connect(seconds: int) -> Mapping[str, object]:
    return {
        "login_timeout": seconds * 2,
        "network_timeout": int(READ_TIMEOUT.total_seconds()),
        "session_parameters": {"TIMEZONE": "UTC", "QUERY_TAG": "integration-monitor"},
    }


def _snowflake_settings(seconds: float) -> tuple[str, ...]:
    return (f"alter session set statement_timeout_in_seconds = {_whole(seconds)}",)


def _redshift_settings(seconds: float) -> tuple[str, ...]:
    return ("set timezone to 'UTC'", f"set statement_timeout to {_milliseconds(seconds)}")


def _databricks_settings(seconds: float) -> tuple[str, ...]:
    return ("set time zone 'UTC'", f"set statement_timeout = {_whole(seconds)}")


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


def _whole(seconds: float) -> int:
    return max(1, round(seconds))


_MYSQL = Dialect(
    clock="utc_timestamp(6)",
    driver="pymysql",
    extra="mysql",
    settings=_mysql_settings,
    connect=_mysql_connect,
    paged=False,
    text_time=_mysql_time,
    # CAST ignores an offset such as +05:30, at most 14 hours.
    text_slack=timedelta(hours=14),
)
_MARIADB = replace(_MYSQL, settings=_mariadb_settings)
_DIALECTS: Mapping[str, Dialect] = {
    "postgresql": Dialect(
        clock="clock_timestamp()",
        driver="psycopg",
        arrays=True,
        settings=_postgres_settings,
        connect=_postgres_connect,
        reflected=False,
        text_time=_postgres_time,
        text_is_aware=True,
    ),
    "sqlite": Dialect(clock="strftime('%Y-%m-%d %H:%M:%f', 'now')", paged=False),
    "mysql": _MYSQL,
    "duckdb": Dialect(
        extra="duckdb",
        settings=lambda seconds: ("set timezone = 'UTC'",),
        # While any process reads the file none can write to it, so it is closed after each use.
        pooled=False,
        paged=False,
        pinged=False,
        text_time=_duckdb_time,
        text_is_aware=True,
    ),
    "snowflake": Dialect(
        clock="sysdate()",  # in UTC, whatever the session's time zone
        extra="snowflake",
        connect=_snowflake_connect,
        settings=_snowflake_settings,
        pinged=False,
        reflected=False,
        text_time=lambda text: sa.func.try_to_timestamp_tz(text),
        text_is_aware=True,
    ),
    "bigquery": Dialect(
        clock="current_timestamp()",
        extra="bigquery",
        pinged=False,
        reflected=False,
        errors=_google_errors,
        text_time=_bigquery_time,
        text_is_aware=True,
        aware=sa.TIMESTAMP(timezone=True),
    ),
    "redshift": Dialect(
        clock="getdate()",
        extra="redshift",
        settings=_redshift_settings,
        reflected=False,
        text_time=_postgres_time,
        text_is_aware=True,
    ),
    "databricks": Dialect(
        clock="current_timestamp()",
        extra="databricks",
        lookup=250,  # a statement takes 255 parameters
        settings=_databricks_settings,
        pinged=False,
        reflected=False,
        text_time=lambda text: sa.func.try_to_timestamp(text),
        text_is_aware=True,
    ),
    "mssql": Dialect(clock="sysutcdatetime()"),
    "oracle": Dialect(clock="sys_extract_utc(systimestamp)"),
}
_ANY = Dialect()
