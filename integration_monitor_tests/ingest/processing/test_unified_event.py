"""The identity and the order of unified events."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.ingest.processing.unified_event import unified_id, version
from integration_monitor_tests.ingest.processing.examples import NOW

Parts = tuple[str, str, str]
parts = st.tuples(st.text(), st.text(), st.text())
bodies = st.none() | st.binary()


@given(parts, parts, bodies, bodies)
def test_ids_are_the_same_exactly_for_the_same_event(
    one: tuple[str, str, str],
    other: tuple[str, str, str],
    body: bytes | None,
    other_body: bytes | None,
) -> None:
    same = (one, body) == (other, other_body)
    assert (unified_id(*one, body) == unified_id(*other, other_body)) == same


def test_an_id_is_stable_over_versions_of_this_program() -> None:
    # Products remember these: a change would make all replayed events new to them.
    assert unified_id("crm", "-", "e1") == "evt_dfe070f3930a4447b53f3d4ed23edb83"


def test_a_time_that_is_not_believed_does_not_make_an_event_new_for_ever() -> None:
    future, soon = NOW + timedelta(days=400), NOW + timedelta(minutes=10)
    assert version(future, NOW, 1) == (NOW, 1)
    assert version(soon, NOW, 1) == (soon, 1)
    assert version(None, NOW, 1) == (NOW, 1)
    assert version(NOW, NOW, 2) > version(NOW, NOW, 1)
