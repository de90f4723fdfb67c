"""What is shared lives as long as its last holder."""

from __future__ import annotations

import pytest

from integration_monitor.observe.databases import Engines
from integration_monitor.observe.sharing import Sharing


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


def test_measurements_at_one_time_share_an_engine_and_its_connections() -> None:
    one, other = Engines(), Engines()
    shared = one.database("postgresql://127.0.0.1/none").engine
    assert other.database("postgresql://127.0.0.1/none").engine is shared
    one.dispose()
    assert other.database("postgresql://127.0.0.1/none").engine is shared
    other.dispose()
    assert one.database("postgresql://127.0.0.1/none").engine is not shared
    one.dispose()
