"""What is shared lives as long as its last holder."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from integration_monitor.measurement import CONNECTIONS_AT_ONCE
from integration_monitor.observe.databases import Engines
from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.sharing import Sharing
from integration_monitor.observe.side import ReadError
from integration_monitor.prefetch import AT_ONCE

NOWHERE = "postgresql://127.0.0.1/none"


def test_a_thing_is_opened_once_and_handed_over_for_closing_by_the_last_holder() -> None:
    sharing: Sharing[str, object] = Sharing()
    first = sharing.take("a", object)
    assert sharing.take("a", object) is first
    assert sharing.take("b", object) is not first
    assert sharing.give_back("a") is None
    assert sharing.give_back("a") is first
    assert sharing.take("a", object) is not first


def test_what_cannot_be_opened_is_held_by_nobody() -> None:
    sharing: Sharing[str, object] = Sharing()

    def fail() -> object:
        raise ValueError("no driver")

    with pytest.raises(ValueError, match="no driver"):
        sharing.take("a", fail)
    thing = sharing.take("a", object)
    assert sharing.give_back("a") is thing


def test_what_takes_long_to_open_keeps_nobody_waiting_who_wants_something_else() -> None:
    sharing: Sharing[str, object] = Sharing()
    is_opening, may_open = Event(), Event()

    def slowly() -> object:
        is_opening.set()
        may_open.wait()
        return object()

    with ThreadPoolExecutor(2) as pool:
        try:
            slow = pool.submit(sharing.take, "slow", slowly)
            is_opening.wait()
            same = pool.submit(sharing.take, "slow", object)
            assert sharing.take("quick", object) is not None
        finally:
            may_open.set()
    assert slow.result() is same.result()


def test_measurements_at_one_time_share_an_engine_and_its_connections() -> None:
    one, other, next_one = Engines(), Engines(), Engines()
    shared = one.database(NOWHERE).engine
    assert other.database(NOWHERE).engine is shared
    one.dispose()
    assert other.database(NOWHERE).engine is shared
    other.dispose()
    assert next_one.database(NOWHERE).engine is not shared
    next_one.dispose()


def test_a_thread_that_nobody_waits_for_any_more_takes_nothing() -> None:
    engines = Engines()
    engines.dispose()
    with pytest.raises(ReadError, match="the measurement is over") as told:
        engines.database(NOWHERE)
    assert told.value.kind == "timeout"


def test_measurements_that_share_an_engine_do_not_wait_for_each_others_connections(
    tmp_path: Path,
) -> None:
    file = tmp_path / "shared.db"
    sqlite3.connect(file).close()
    engines = Engines(connect_timeout=timedelta(milliseconds=10))
    database = engines.database(f"sqlite:///{file}")
    deadline, timeout = Deadline(timedelta(seconds=30)), timedelta(seconds=10)
    with ExitStack() as stack:
        for _ in range(2 * AT_ONCE * CONNECTIONS_AT_ONCE):
            session = stack.enter_context(database.session(deadline, timeout))
            assert session.scalar(sa.text("select 1")) == 1
    engines.dispose()
