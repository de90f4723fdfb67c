"""A connection that is given up when nothing comes over it for too long.

A statement's own limit is the server's, and TCP's are the system's. Neither ends the silence of a
server that stands still, or of a proxy that acknowledges for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg.waiting import Ready, Wait

SPARED_S = 1.0
"""After a statement's time is up, for the server to say so: what it says is clearer."""

T = TypeVar("T")
_Waiting = Generator[Wait, Any, T]
"""Says what it waits for, is sent what is ready, several times a second `Ready.NONE`."""


class BoundedConnection(psycopg.Connection[Any]):
    """Raises `psycopg.OperationalError` after such a silence; the connection is closed then."""

    silence_s: float = math.inf

    def wait(self, gen: _Waiting[T], *args: Any, **options: Any) -> T:
        """Whatever is asked of the server is waited for here."""
        try:
            return super().wait(_bounded(gen, self.silence_s), *args, **options)
        except _Silent:
            self.close()
            raise psycopg.OperationalError(f"silence for {self.silence_s:g} s") from None


def bound(engine: sa.Engine, *, patience_s: float) -> None:
    """Make an engine's connections to PostgreSQL bounded ones; before it is used.

    `patience_s` is what the server itself allows a statement; `SPARED_S` later it is given up.
    """
    silence_s = patience_s + SPARED_S

    @sa.event.listens_for(engine, "do_connect")
    def connect(
        _dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]
    ) -> BoundedConnection:
        connection = BoundedConnection.connect(*arguments, **options)
        connection.silence_s = silence_s
        return connection


class _Silent(Exception):
    """Nothing came for too long."""


def _bounded(waiting: _Waiting[T], silence_s: float) -> _Waiting[T]:
    heard_at = time.monotonic()
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            now = time.monotonic()
            if ready != Ready.NONE:
                heard_at = now
            elif now - heard_at > silence_s:
                raise _Silent
            wanted = waiting.send(ready)
    except StopIteration as end:
        value: T = end.value
        return value
