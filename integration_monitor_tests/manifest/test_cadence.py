from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.manifest.cadence import (
    SLACK,
    next_tick,
    parse_cron,
    parse_every,
    valid_until,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TIMES = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001
    datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(5.5 * HOUR), timezone(-3 * HOUR)]),
)
DIVISORS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60]


@pytest.mark.parametrize(
    ("text", "cron", "period"),
    [
        ("1m", "* * * * *", MINUTE),
        ("60s", "* * * * *", MINUTE),
        ("15m", "*/15 * * * *", 15 * MINUTE),
        ("60m", "0 * * * *", HOUR),
        ("1h", "0 * * * *", HOUR),
        ("4h", "0 */4 * * *", 4 * HOUR),
        ("24h", "0 0 * * *", DAY),
        ("1d", "0 0 * * *", DAY),
        ("*/15 8-18 * * *", "*/15 8-18 * * *", timedelta(hours=13, minutes=15)),
        ("0 9  * * 1-5", "0 9 * * 1-5", 3 * DAY),
        ("0 0 1 1 *", "0 0 1 1 *", 365 * DAY),
    ],
)
def test_a_cadence_becomes_a_cron_expression(text: str, cron: str, period: timedelta) -> None:
    cadence = parse_every(text)
    assert (cadence.cron, cadence.period) == (cron, period)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("7m", "does not divide"),
        ("90m", "does not divide"),
        ("5h", "does not divide"),
        ("2d", "does not divide"),
        ("90s", "does not divide"),
        ("0s", "shorter than a minute"),
        ("30s", "shorter than a minute"),
        ("@daily", "is not a cadence"),
        ("hourly", "is not a cadence"),
        (15, "is not a cadence"),
        (None, "is not a cadence"),
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("61 * * * *", "ever ticks"),
        ("0 0 30 2 *", "ever ticks"),
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(value: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_every(value)


def test_a_duration_is_no_cron_expression() -> None:
    with pytest.raises(ValueError, match="five fields"):
        parse_cron("15m")


@given(st.sampled_from(DIVISORS), TIMES)
def test_a_cadence_ticks_once_a_period(minutes: int, at: datetime) -> None:
    cadence = parse_every(f"{minutes}m")
    first = next_tick(cadence, at)
    assert next_tick(cadence, first) - first == cadence.period == minutes * MINUTE


@given(
    st.sampled_from(["1m", "15m", "4h", "1d", "*/15 8-18 * * *", "0 9 * * 1-5"]),
    TIMES,
)
def test_a_verdict_outlives_one_missed_tick_and_not_two(text: str, at: datetime) -> None:
    cadence = parse_every(text)
    until = valid_until(cadence, at)
    ticks = [
        tick
        for tick in _ticks(cadence.cron, at, 3)
        if at < tick <= until  # 30 s of slack is less than any period
    ]
    assert len(ticks) == 2
    assert ticks[-1] == until - SLACK


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-01-01T00:14:59.999+00:00", "2026-01-01T00:30:30+00:00"),
        ("2026-01-01T00:15:00+00:00", "2026-01-01T00:45:30+00:00"),
        ("2026-01-01T00:15:01+00:00", "2026-01-01T00:45:30+00:00"),
    ],
)
def test_the_second_tick_is_strictly_later(at: str, until: str) -> None:
    found = valid_until(parse_every("15m"), datetime.fromisoformat(at))
    assert found == datetime.fromisoformat(until)


def test_another_time_zone_is_the_same_instant() -> None:
    at = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert valid_until(parse_every("1h"), at) == valid_until(parse_every("1h"), at.astimezone(UTC))


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        valid_until(parse_every("1h"), datetime(2026, 1, 1))  # noqa: DTZ001


def _ticks(cron: str, at: datetime, number: int) -> list[datetime]:
    ticks = croniter(cron, at.astimezone(UTC))
    return [ticks.get_next(datetime) for _ in range(number)]
