"""What a database driver says, as a `ReadError` that a person can act on."""

from __future__ import annotations

import re

import sqlalchemy as sa

from integration_monitor.observe.side import ErrorKind, ReadError

_KINDS: tuple[tuple[str, ErrorKind], ...] = (
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
)
"""Where a driver gives no SQLSTATE: SQLite, and libpq before there is a session."""


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
    state = getattr(original, "sqlstate", None) or ""
    for beginning, kind in _KINDS:
        if state.startswith(beginning):
            return kind
    text = str(original).lower()
    for phrase, kind in _PHRASES:
        if phrase in text:
            return kind
    return "network" if isinstance(error, sa.exc.OperationalError) else "server"


def _said(original: BaseException, url: sa.URL) -> str:
    if (getattr(original, "sqlstate", None) or "").startswith("22"):
        # "invalid input syntax for type integer: …" quotes a value out of the user's table.
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(original).__name__).lower()
    lines = str(original).strip().splitlines()
    text = lines[0].strip() if lines else type(original).__name__
    if url.password:
        text = text.replace(str(url.password), "***")
    return re.sub(r"//[^/\s@]*@", "//***@", text)
