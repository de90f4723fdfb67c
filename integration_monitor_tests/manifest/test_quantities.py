from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.manifest.quantities import (
    parse_duration,
    parse_positive_duration,
    parse_ratio,
)

UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s", timedelta(0)),
        ("800ms", timedelta(milliseconds=800)),
        ("1.5h", timedelta(minutes=90)),
        ("15m", timedelta(minutes=15)),
        ("2w", timedelta(days=14)),
        ("2y", timedelta(days=730)),
        ("100y", timedelta(days=36500)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@given(st.integers(0, 5000), st.sampled_from(sorted(UNITS)))
def test_every_whole_duration_is_read_exactly(number: int, unit: str) -> None:
    assert parse_duration(f"{number}{unit}") == number * UNITS[unit]


@pytest.mark.parametrize(
    "value",
    ["", "15", "m", "-1s", "15 m", "15min", "1h30m", "١s", "1e3s", "101y", "999999999y", 15, None],
)
def test_anything_else_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match=r"duration|longer than 100 years"):
        parse_duration(value)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_no_value_raises_anything_but_an_explained_error(value: object) -> None:
    for parse in (parse_duration, parse_ratio):
        with contextlib.suppress(ValueError):
            assert parse(value) is not None


def test_where_nothing_makes_no_sense_it_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 0s"):
        parse_positive_duration("0m")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.1%", 0.001), ("100%", 1.0), ("99.9 %", 0.999), (0, 0.0), (1, 1.0), (0.25, 0.25)],
)
def test_a_ratio_is_a_percentage_or_a_fraction(value: object, expected: float) -> None:
    assert parse_ratio(value) == expected


@pytest.mark.parametrize("value", [2, -0.1, "101%", "0.1", "-1%", "%", True, None, float("nan")])
def test_anything_else_is_no_ratio(value: object) -> None:
    with pytest.raises(ValueError, match="is not a ratio"):
        parse_ratio(value)


@given(st.decimals(0, 100, places=3))
def test_a_percentage_is_a_hundredth(percent: object) -> None:
    assert parse_ratio(f"{percent}%") == pytest.approx(float(str(percent)) / 100)


def test_a_long_value_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="this is not a duration"):
        parse_duration("sk_live_0123456789abcdef")
