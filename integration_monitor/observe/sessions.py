"""A session in a user's database: its settings, and an end of its statements."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Protocol, cast

import sqlalchemy as sa

from integration_monitor.observe.dialects import Dialect
from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.side import ReadError

SQLITE_STEPS = 10_000
"""SQLite asks after so many steps of its virtual machine whether to go on."""
INTERRUPT_EVERY = 0.2
"""Seconds between attempts to end a DuckDB statement that takes too long."""


class Interruptible(Protocol):
    """A connection whose statement another thread can end."""

    def interrupt(self) -> None: ...


@contextmanager
def prepared(connection: sa.Connection, wording: Dialect, seconds: float) -> Iterator[None]:
    """The session's settings; and an end of its statements where the database sets none."""
    for setting in wording.settings(seconds):
        connection.exec_driver_sql(setting)
    driver = connection.connection.driver_connection
    ended: AbstractContextManager[None] = nullcontext()
    if isinstance(driver, sqlite3.Connection):
        ended = _ended_by_steps(driver, seconds)
    elif connection.dialect.name == "duckdb":
        ended = _interrupted(cast("Interruptible", driver), seconds)
    with ended:
        yield


@contextmanager
def _ended_by_steps(driver: sqlite3.Connection, seconds: float) -> Iterator[None]:
    timer = Deadline(timedelta(seconds=seconds))
    driver.set_progress_handler(lambda: _passed(timer), SQLITE_STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def _interrupted(driver: Interruptible, seconds: float) -> Iterator[None]:
    done = threading.Event()

    def end() -> None:
        pause = seconds
        # Again and again: an interruption between two statements is lost.
        while not done.wait(pause):
            driver.interrupt()
            pause = INTERRUPT_EVERY

    watcher = threading.Thread(target=end, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _passed(deadline: Deadline) -> bool:
    try:
        deadline.remaining()
    except ReadError:
        return True
    return False
