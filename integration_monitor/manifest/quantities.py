"""Durations and ratios as a user writes them. Pure; every error is a `ValueError` for people."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

_DURATION = re.compile(r"(?P<number>[0-9]{1,9}(?:\.[0-9]{1,6})?)(?P<unit>ms|[smhdwy])", re.ASCII)
_PERCENT = re.compile(r"(?P<number>[0-9]{1,3}(?:\.[0-9]{1,12})?) ?%", re.ASCII)
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365),
}
LONGEST = timedelta(days=365 * 100)
"""No duration in a manifest is longer: a hundred years."""

_SHOWN = 20


def quoted(value: object) -> str:
    """A short value in backticks for an error message; a long one is not repeated."""
    text = str(value)
    return f"`{text}`" if len(text) <= _SHOWN and "\n" not in text else "this"


def parse_duration(value: object) -> timedelta:
    """`800ms`, `0s`, `15m`, `4h`, `30d`, `2w`, `2y` (365 days each). Raises `ValueError`."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            f"{quoted(value)} is not a duration: write a number and a unit (ms, s, m, h, d, w, y), "
            "such as 800ms, 30s, 15m or 30d"
        )
    number, unit = Decimal(found["number"]), _UNITS[found["unit"]]
    microseconds = number * (unit // timedelta(microseconds=1))
    if microseconds > LONGEST // timedelta(microseconds=1):
        raise ValueError(f"{quoted(value)} is longer than 100 years")
    return timedelta(microseconds=int(microseconds))


def parse_positive_duration(value: object) -> timedelta:
    """A duration that is longer than nothing. Raises `ValueError`."""
    duration = parse_duration(value)
    if not duration:
        raise ValueError("must be longer than 0s")
    return duration


def parse_minutes(value: object) -> timedelta:
    """A duration from a minute to a day: calls are counted by the minute. Raises `ValueError`."""
    duration = parse_duration(value)
    if not timedelta(minutes=1) <= duration <= timedelta(days=1):
        raise ValueError("must be from 1m to 1d: calls are counted by the minute")
    return duration


def parse_ratio(value: object) -> float:
    """`0.1%` or a number from 0 to 1, as a fraction. Raises `ValueError`."""
    if isinstance(value, str) and (found := _PERCENT.fullmatch(value)):
        fraction = float(Decimal(found["number"]) / 100)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        fraction = float(value)
    else:
        fraction = -1.0
    if not 0 <= fraction <= 1:
        raise ValueError(
            f"{quoted(value)} is not a ratio: write a percentage such as 0.1%, "
            "or a number from 0 to 1"
        )
    return fraction
