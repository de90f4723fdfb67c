"""Which time counts as turned away, and what that takes out of the time of receivers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.signals.receiver_time import ReceiverTime, receiver_time
from integration_monitor.signals.turned_away import (
    NOTHING,
    Stored,
    Stretch,
    TurnedAway,
    stretches,
)
from integration_monitor.signals.week_hours import hour_number

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOURS = 12
ALWAYS = (1 << 60) - 1


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def seconds(minutes: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([at(each).timestamp() for each in minutes], dtype=np.float64)


def turned(*minutes: float) -> TurnedAway:
    """One request in each of these minutes."""
    return TurnedAway(seconds(minutes), seconds(minutes))


def stored(*rows: tuple[float, float, float]) -> Stored:
    """First, last and longest gap in minutes after `START`, a stream and hour each."""
    first, last, longest = zip(*rows, strict=True)
    return Stored(seconds(first), seconds(last), np.array(longest, dtype=np.float64) * 60)


@pytest.mark.parametrize(
    ("requests", "events", "expected"),
    [
        pytest.param((), NOTHING, [], id="nobody was turned away"),
        pytest.param(range(10, 51), NOTHING, [(10, 50)], id="each minute"),
        pytest.param((10, 35, 80), NOTHING, [(10, 80)], id="now and then"),
        pytest.param((10, 80), NOTHING, [(10, 10), (80, 80)], id="too far apart"),
        pytest.param(
            (10, 20, 40, 50), stored((30, 30, 0)), [(10, 20), (40, 50)], id="one event between"
        ),
        pytest.param(
            (10, 30, 50), stored((2, 58, 49)), [(10, 50)], id="a stream that has such a gap"
        ),
        pytest.param((10, 30, 50), stored((2, 58, 6)), [], id="a stream that went on"),
        pytest.param((10.5,), stored((2, 58, 0.5)), [], id="a full queue among many events"),
        pytest.param((10.5,), stored((2, 58, 6)), [(10.5, 10.5)], id="a full queue among few"),
        pytest.param(
            (70, 90), stored((2, 58, 1), (91, 119, 1)), [(70, 90)], id="other hours"
        ),
    ],
)  # fmt: skip
def test_stretches(
    requests: Sequence[float],
    events: Stored,
    expected: list[tuple[float, float]],
) -> None:
    found = stretches(turned(*requests), events)
    assert list(found) == [Stretch(at(since), at(until)) for since, until in expected]


def test_a_minute_in_which_something_was_stored_too_is_not_left_out() -> None:
    both = TurnedAway(seconds([10.0, 11.0]), seconds([10.9, 11.9]))
    found = stretches(both, stored((10.5, 10.5, 0)))
    assert list(found) == [Stretch(at(11), at(11.9))]


def up(mask: int = ALWAYS) -> ReceiverTime:
    first = hour_number(START)
    known = {first + hour: mask for hour in range(HOURS)}
    return receiver_time(known, START, first, START + timedelta(hours=HOURS - 1, minutes=59))


def test_whole_minutes_are_left_out_where_a_receiver_ran() -> None:
    first_half = up((1 << 30) - 1)
    own = first_half.without([Stretch(at(10.5), at(19.5)), Stretch(at(25), at(45))])
    assert own.minutes(START, at(60)) == 15
    assert own.turned_away(START, at(60)) == 15
    assert own.hours[0] == 0.25
    assert own.newest == first_half.newest
    assert first_half.turned_away(START, at(60)) == 0
    assert first_half.without(()) is first_half


moments = st.floats(-120, 60 * HOURS + 120)
some = st.tuples(moments, st.floats(0, 200)).map(lambda m: Stretch(at(m[0]), at(m[0] + m[1])))


@given(st.lists(some, max_size=5), st.integers(0, ALWAYS), moments, st.floats(0, 500))
def test_no_time_is_lost_or_counted_twice(
    away: list[Stretch], mask: int, since: float, lasted: float
) -> None:
    fleet = up(mask)
    own = fleet.without(away)
    between = at(since), at(since + lasted)
    assert own.minutes(*between) + own.turned_away(*between) == pytest.approx(
        fleet.minutes(*between), abs=1e-6
    )
    assert (own.hours <= fleet.hours).all()
