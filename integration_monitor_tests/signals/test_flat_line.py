"""What silence weighs, whatever the hours, zones and receivers."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.manifest.webhooks import VolumeRules
from integration_monitor.signals.flat_line import Baseline, Tail, chance, silence, threshold
from integration_monitor.signals.flat_line_fit import HourCounts, fit, merged, training
from integration_monitor.signals.receiver_time import ReceiverTime, receiver_time
from integration_monitor.signals.volume_facts import Stream
from integration_monitor.signals.volume_state import state_of
from integration_monitor.signals.week_hours import hour_number, hour_start, week_hours

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""
FIRST = hour_number(START)
ALWAYS = (1 << 60) - 1
HOURS = 21 * 24
moments = st.integers(0, 60 * HOURS - 1).map(lambda n: START + timedelta(minutes=n))


def up(masks: Callable[[int], int] = lambda hour: ALWAYS) -> ReceiverTime:
    known = {FIRST + hour: masks(hour) for hour in range(HOURS)}
    return receiver_time(known, START, FIRST, START + timedelta(hours=HOURS))


ALWAYS_UP = up()
WEEK = week_hours("UTC", None, FIRST, len(ALWAYS_UP.hours))


def by_day(per_hour: float = 20.0) -> Baseline:
    """A stream of which nothing comes before 8:00 and after 20:00."""
    shapes = np.array([per_hour * 6 if 8 <= hour % 24 < 20 else 0.0 for hour in range(168)])
    return Baseline(5.0, 1000, shapes)


def mass(since: datetime, until: datetime, receiver: ReceiverTime = ALWAYS_UP) -> float:
    return silence(by_day(), WEEK, receiver, since, until)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}:00+00:00")


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        pytest.param("03T10:00", "03T11:00", 1, id="one hour"),
        pytest.param("03T10:15", "03T10:45", 0.5, id="within an hour"),
        pytest.param("03T10:45", "03T12:15", 1.5, id="three hours in part"),
        pytest.param("03T20:00", "04T08:00", 0, id="a night"),
        pytest.param("03T19:30", "04T08:30", 1, id="over a night"),
        pytest.param("03T10:00", "10T10:00", 84, id="a week"),
        pytest.param("03T10:00", "03T10:00", 0, id="no time"),
        pytest.param("03T11:00", "03T10:00", 0, id="an event in the future"),
    ],
)
def test_the_mass_is_that_of_the_hours_that_passed(since: str, until: str, hours: float) -> None:
    expected = 20 * 6 * math.log(7 / 6) * hours
    assert mass(at(since), at(until)) == pytest.approx(expected)


@given(moments, st.integers(0, 60 * 60), st.integers(0, 60 * 60))
def test_more_silence_never_weighs_less(since: datetime, some: int, more: int) -> None:
    until = since + timedelta(minutes=some)
    assert mass(since, until) <= mass(since, until + timedelta(minutes=more)) + 1e-9


@given(moments, st.integers(0, 60 * 60), st.integers(0, 60 * 60))
def test_silence_adds_up(since: datetime, some: int, more: int) -> None:
    until = since + timedelta(minutes=some)
    end = until + timedelta(minutes=more)
    assert mass(since, until) + mass(until, end) == pytest.approx(mass(since, end))


@given(moments, st.integers(0, 60 * 60), st.integers(0, ALWAYS), st.integers(0, ALWAYS))
def test_a_receiver_that_was_down_never_adds(
    since: datetime, minutes: int, even: int, odd: int
) -> None:
    until = since + timedelta(minutes=minutes)
    partly = up(lambda hour: odd if hour % 2 else even)
    assert mass(since, until, partly) <= mass(since, until) + 1e-9
    assert mass(since, until, up(lambda hour: 0)) == 0


def test_only_the_minutes_in_which_a_receiver_ran_count() -> None:
    first_half = up(lambda hour: (1 << 30) - 1)
    assert mass(at("03T10:00"), at("03T10:30"), first_half) == mass(at("03T10:00"), at("03T10:30"))
    assert mass(at("03T10:30"), at("03T11:00"), first_half) == 0
    assert first_half.newest == START + timedelta(hours=HOURS - 1, minutes=29)


def test_an_hour_that_comes_twice_is_one_hour_of_the_week_twice() -> None:
    # Clocks in Berlin were put back on 2026-10-25 at 03:00.
    night = hour_number(datetime(2026, 10, 24, 22, tzinfo=UTC))
    assert list(week_hours("Europe/Berlin", None, night, 5)) == [144, 145, 146, 146, 147]
    # And forward on 2026-03-29 at 02:00.
    night = hour_number(datetime(2026, 3, 28, 23, tzinfo=UTC))
    assert list(week_hours("Europe/Berlin", None, night, 3)) == [144, 145, 147]


def test_public_holidays_are_sundays() -> None:
    unity = hour_number(datetime(2025, 10, 3, 10, tzinfo=ZoneInfo("Europe/Berlin")))
    assert week_hours("Europe/Berlin", None, unity, 1)[0] == 4 * 24 + 10
    assert week_hours("Europe/Berlin", "DE", unity, 1)[0] == 6 * 24 + 10
    epiphany = hour_number(datetime(2026, 1, 6, 10, tzinfo=UTC))
    assert week_hours("UTC", "DE", epiphany, 1)[0] == 24 + 10
    assert week_hours("UTC", "DE-BY", epiphany, 1)[0] == 6 * 24 + 10


def counts(received: list[int]) -> HourCounts:
    """Hours from the first one on, evenly filled; those with nothing left out."""
    each = np.array(received, dtype=np.int64)
    hours = np.flatnonzero(each)
    starts = (FIRST + hours) * 3600.0
    gaps = 3600 / (each[hours] + 1)
    return HourCounts(FIRST + hours, each[hours], starts + gaps, starts + 3600 - gaps, gaps)


def learned(received: list[int], up: float = 1.0) -> Baseline | None:
    hours = training(FIRST, week_hours("UTC", None, FIRST, HOURS), np.full(HOURS, up))
    return fit(counts(received), hours)


def filled(pattern: list[int], apart: dict[int, int]) -> list[int]:
    repeated = (pattern * HOURS)[:HOURS]
    return [apart.get(hour, usual) for hour, usual in enumerate(repeated)]


some_hours = st.builds(
    filled,
    st.lists(st.integers(0, 50), min_size=1, max_size=8),
    st.dictionaries(st.integers(0, HOURS - 1), st.integers(0, 500), max_size=8),
)


@given(some_hours, st.integers(0, 60))
def test_a_baseline_is_never_without_a_number(received: list[int], minutes: int) -> None:
    found = learned(received, minutes / 60)
    if found is None:
        return
    assert np.isfinite(found.shapes).all()
    assert (found.shapes >= 0).all()
    for needed in (threshold(found, 0.1), threshold(found, 1.0)):
        assert math.isfinite(needed)
        assert needed >= 3
    assert all(0 <= chance(found, mass) <= 1 for mass in (0.0, 1.0, 100.0, 1e6))


@given(some_hours, st.integers(0, 9))
def test_in_which_order_hours_are_read_does_not_matter(received: list[int], seed: int) -> None:
    known = counts(received)
    order = np.random.default_rng(seed).permutation(len(known.hours))
    assert known.longest is not None
    mixed = HourCounts(
        known.hours[order], known.received[order], known.first[order], known.last[order],
        known.longest[order],
    )  # fmt: skip
    hours = training(FIRST, week_hours("UTC", None, FIRST, HOURS), np.ones(HOURS))
    one, other = fit(known, hours), fit(mixed, hours)
    if one is None or other is None:
        assert one is other
        return
    assert (one.weeks, one.events, one.tail) == (other.weeks, other.events, other.tail)
    assert one.shapes == pytest.approx(other.shapes)


def test_nothing_is_expected_at_hours_in_which_nothing_ever_came() -> None:
    found = learned([20 if 8 <= hour % 24 < 20 else 0 for hour in range(HOURS)])
    assert found is not None
    nights = np.array([not 8 <= hour % 24 < 20 for hour in range(168)])
    assert found.shapes[nights].max() == 0
    assert found.hourly[~nights] == pytest.approx(20, rel=0.03)
    assert found.in_30_days == pytest.approx(30 * 240, rel=0.03)


def test_what_came_while_receivers_ran_half_of_the_time_was_twice_as_much() -> None:
    whole, half = learned([20] * HOURS), learned([20] * HOURS, 0.5)
    assert whole is not None
    assert half is not None
    assert half.hourly == pytest.approx(2 * whole.hourly, rel=0.05)


def test_the_silence_after_the_last_event_is_not_learned() -> None:
    found = learned([20] * (14 * 24) + [0] * (7 * 24))
    assert found is not None
    assert found.weeks == 2
    assert found.hourly == pytest.approx(20)


def test_bursty_streams_may_be_silent_for_longer() -> None:
    even = by_day()
    bursty = Baseline(even.weeks, even.events, even.shapes, Tail(20.0, 5.0, 0.01))
    ratio = even.in_30_days / 0.1
    assert threshold(even, 0.1) == pytest.approx(math.log(ratio))
    assert threshold(bursty, 0.1) == pytest.approx(20 + 5 * math.log(0.01 * ratio))
    assert chance(even, 25) == pytest.approx(math.exp(-25))
    assert chance(bursty, 25) == pytest.approx(0.01 * math.exp(-1))


@pytest.mark.parametrize(("seconds", "state"), [(50, "quiet"), (70, "silent")])
def test_a_restart_within_a_minute_is_no_silence(seconds: int, state: str) -> None:
    since = at("03T10:10")
    stream = Stream("acme", "order.paid", by_day(4000), since, since, 9)
    now = since + timedelta(seconds=seconds)
    assert state_of(stream, VolumeRules(), WEEK, ALWAYS_UP, now).state == state


def test_streams_are_added_up_by_the_hour() -> None:
    one, other = counts([1, 0, 3, 2]), counts([0, 4, 5, 0])
    both = merged([one, other])
    assert list(both.hours) == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]
    assert list(both.received) == [1, 4, 8, 2]
    assert both.first[2] == other.first[1]
    assert both.last[2] == other.last[1]
    assert hour_start(int(both.hours[0])) == START
