"""What a database driver says, as a `ReadError` that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Mapping

import sqlalchemy as sa

from integration_monitor.observe.side import ErrorKind, ReadError

_STATES: tuple[tuple[str, ErrorKind], ...] = (
    ("57014", "timeout"),  # query_canceled
    ("28", "auth"),  # invalid authorization
    ("42501", "permission"),  # insufficient_privilege
    ("42", "config"),  # syntax error, undefined table or column
    ("3D", "config"),  # no such database
    ("3F", "config"),  # no such schema
    ("22", "config"),  # a value that does not fit its declared meaning
    ("25", "config"),  # a query that writes, in a session that only reads
    ("0A", "config"),  # not supported
    ("53", "server"),  # too many connections, disk full
    ("08", "network"),
    ("57P", "network"),  # shut down, starting up
)
"""PostgreSQL, Appendix A: beginnings of SQLSTATE, the first that fits."""

_MYSQL: Mapping[int, ErrorKind] = {
    1040: "server",  # too many connections
    1203: "server",  # too many connections of this user
    1226: "server",  # a limit of this user is reached
    1044: "permission",  # no access to the database
    1142: "permission",  # no access to the table
    1143: "permission",  # no access to the column
    1227: "permission",
    1370: "permission",
    1045: "auth",
    1130: "auth",  # this host may not connect
    1698: "auth",
    1049: "config",  # no such database
    1054: "config",  # no such column
    1064: "config",  # syntax error
    1146: "config",  # no such table
    1305: "config",  # no such function
    1356: "config",  # a view that refers to what is not there
    1792: "config",  # a query that writes, in a session that only reads
    1292: "config",
    1366: "config",
    1411: "config",
    1525: "config",
    1690: "config",
    1205: "timeout",  # waited for a lock
    1969: "timeout",  # MariaDB: max_statement_time
    3024: "timeout",  # MySQL: max_execution_time
    1053: "network",  # shutting down
    1317: "network",  # ended by an administrator
    1927: "network",  # the connection was killed
    2002: "network",
    2003: "network",
    2006: "network",
    2013: "network",
}
"""Numbers of MySQL's and MariaDB's server and client errors."""

_DUCKDB: Mapping[str, ErrorKind] = {
    "CatalogException": "config",
    "BinderException": "config",
    "ParserException": "config",
    "SyntaxException": "config",
    "ConversionException": "config",
    "OutOfRangeException": "config",
    "InvalidInputException": "config",
    "PermissionException": "permission",
    "InterruptException": "timeout",
    "ConnectionException": "network",
    "IOException": "network",
    "OutOfMemoryException": "server",
}
"""Names of DuckDB's exception classes."""

_PHRASES: tuple[tuple[str, ErrorKind], ...] = (
    ("password authentication failed", "auth"),
    ("no password supplied", "auth"),
    ("no such table", "config"),
    ("no such column", "config"),
    ("syntax error", "config"),
    ("interrupted", "timeout"),
    ("timeout expired", "timeout"),
    ("unable to open database file", "network"),
    ("does not exist", "config"),
    ("(0, '')", "network"),  # PyMySQL, over a connection that broke before
)
"""Where a driver gives no code: SQLite, and libpq before there is a session."""

_LOCKED = (
    "the file is locked by another process that writes to it; DuckDB lets nobody read meanwhile:"
    " close it there, or write to another file and rename it"
)
_OPEN_HERE = "this process has the file open for writing: close it there before it is read"
_INSTEAD: Mapping[str, str] = {
    "could not set lock on file": _LOCKED,
    "with a different configuration": _OPEN_HERE,
    "(0, '')": "the connection broke",
    "(timed out)": "it sends nothing any more",
}
"""Said in words of our own, where the driver's lead nowhere or name processes."""

_QUOTES_A_VALUE = (1292, 1366, 1411, 1525, 1690)
_SAYS_OF_A_VALUE = ("ConversionException", "OutOfRangeException")


def read_error(error: Exception, url: sa.URL, address: str) -> ReadError:
    """The error to raise instead of a driver's; without passwords, values and statements."""
    if isinstance(error, sa.exc.TimeoutError):
        return ReadError("timeout", f"no connection to the database {address} became free in time")
    original = error.orig if isinstance(error, sa.exc.DBAPIError) else None
    if original is None:
        return ReadError("config", f"the database {address}: {type(error).__name__}")
    kind = _kind(error, original)
    if kind == "network":
        return ReadError(kind, f"cannot reach the database {address}: {_said(original, url)}")
    return ReadError(kind, f"the database {address} refused: {_said(original, url)}")


def _kind(error: Exception, original: BaseException) -> ErrorKind:
    known = _MYSQL.get(_number(original)) or _DUCKDB.get(type(original).__name__)
    if known is not None:
        return "timeout" if "(timed out)" in str(original) else known
    state = getattr(original, "sqlstate", None) or ""
    for beginning, kind in _STATES:
        if state.startswith(beginning):
            return kind
    text = str(original).lower()
    for phrase, kind in _PHRASES:
        if phrase in text:
            return kind
    return "network" if isinstance(error, sa.exc.OperationalError) else "server"


def _number(original: BaseException) -> int:
    """The error's number where the driver speaks MySQL's protocol, else 0."""
    first = original.args[0] if original.args else 0
    return first if isinstance(first, int) else 0


def _said(original: BaseException, url: sa.URL) -> str:
    if _quotes_a_value(original):
        # "invalid input syntax for type integer: …" quotes a value out of the user's table.
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(original).__name__).lower()
        return name if name != "data error" else "a value does not fit its declared meaning"
    lines = _text(original).strip().splitlines()
    text = lines[0].strip() if lines else type(original).__name__
    for phrase, instead in _INSTEAD.items():
        if phrase in text.lower():
            return instead
    if url.password:
        text = text.replace(str(url.password), "***")
    return re.sub(r"//[^/\s@]*@", "//***@", text)


def _quotes_a_value(original: BaseException) -> bool:
    return (
        (getattr(original, "sqlstate", None) or "").startswith("22")
        or _number(original) in _QUOTES_A_VALUE
        or type(original).__name__ in _SAYS_OF_A_VALUE
    )


def _text(original: BaseException) -> str:
    if _number(original) and len(original.args) > 1:
        return f"{original.args[1]} ({original.args[0]})"
    return str(original)
