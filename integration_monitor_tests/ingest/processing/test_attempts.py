"""When an event is tried again, and when a sink is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.ingest.processing.attempts import Failure, Kind, next_attempt
from integration_monitor.ingest.processing.sink_health import SinkHealth
from integration_monitor_tests.ingest.processing.examples import NOW

TROUBLE = Failure("trouble", "answered HTTP 503")
REFUSED = Failure("refused", "answered HTTP 422")
DAYS = timedelta(days=3)


def wait(
    kind: Kind = "trouble",
    attempts: int = 1,
    waited: float = 0,
    asked: float | None = None,
    drawn: float = 1.0,
) -> float | None:
    """Seconds until the next attempt."""
    at = next_attempt(
        Failure(kind, "why", None if asked is None else timedelta(seconds=asked)),
        attempts=attempts,
        waiting_since=NOW - timedelta(seconds=waited),
        retry_for=DAYS,
        now=NOW,
        drawn=drawn,
    )
    return None if at is None else (at - NOW).total_seconds()


@pytest.mark.parametrize(
    ("given_", "seconds"),
    [
        ({}, 1),
        ({"attempts": 4}, 8),
        ({"attempts": 50}, 600),
        ({"attempts": 4, "drawn": 0.25}, 2),
        ({"asked": 120}, 120),
        ({"asked": 1e6}, 3600),
        ({"attempts": 11, "asked": 5}, 600),
        ({"kind": "never"}, None),
        ({"kind": "refused", "attempts": 4}, 8),
        ({"kind": "refused", "attempts": 5}, None),
        ({"attempts": 50, "waited": DAYS.total_seconds() - 30}, 30),
        ({"attempts": 50, "waited": DAYS.total_seconds()}, None),
    ],
)
def test_the_next_attempt(given_: dict[str, float], seconds: float | None) -> None:
    assert wait(**given_) == seconds  # type: ignore[arg-type]


@given(
    attempts=st.integers(1, 10_000),
    waited=st.floats(0, 1e6),
    asked=st.none() | st.floats(0, 1e9),
    drawn=st.floats(0, 1),
)
def test_an_attempt_is_never_in_the_past_nor_after_the_time_is_up(
    attempts: int, waited: float, asked: float | None, drawn: float
) -> None:
    seconds = wait("trouble", attempts, waited, asked, drawn)
    left = DAYS.total_seconds() - waited
    assert (seconds is None) == (left <= 0)
    assert seconds is None or 0 <= seconds <= left + 1e-3


def test_one_event_that_fails_says_nothing_of_the_sink() -> None:
    health = SinkHealth()
    for _ in range(10):
        health = health.after(0, [(7, TROUBLE)], NOW, 1.0)
    assert not health.is_down


def test_a_sink_is_down_when_different_events_fail_until_one_is_taken() -> None:
    health = SinkHealth()
    for event in range(3):
        health = health.after(0, [(event, TROUBLE)], NOW, 1.0)
    assert health.until == NOW + timedelta(seconds=1)
    assert not health.may_be_tried(NOW)
    waits = []
    for event in range(10):
        health = health.after(0, [(event, TROUBLE)], NOW, 1.0)
        assert health.until is not None
        waits.append((health.until - NOW).total_seconds())
    assert waits[:3] == [2, 4, 8]
    assert waits[-1] == 60
    assert health.after(1, [], NOW, 1.0) == SinkHealth()


def test_a_sink_that_refuses_an_event_is_not_down() -> None:
    health = SinkHealth()
    for event in range(5):
        health = health.after(0, [(event, REFUSED), (event + 100, TROUBLE)], NOW, 1.0)
    assert not health.is_down


def test_a_sink_that_asks_for_time_gets_it() -> None:
    asks = Failure("trouble", "answered HTTP 429", timedelta(seconds=300))
    health = SinkHealth().after(0, [(1, asks)], NOW, 0.0)
    assert health.until == NOW + timedelta(seconds=300)
    never = Failure("trouble", "answered HTTP 503", timedelta(days=9))
    assert SinkHealth().after(0, [(1, never)], NOW, 0.0).until == NOW + timedelta(hours=1)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=50))
def test_what_was_taken_last_makes_a_sink_well(steps: list[tuple[bool, int]]) -> None:
    health = SinkHealth()
    for taken, event in steps:
        failed = [] if taken else [(event, TROUBLE)]
        health = health.after(int(taken), failed, NOW, 0.5)
        assert health.is_down == (health.until is not None)
        assert not (taken and health.is_down)
