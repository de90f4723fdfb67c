"""Learning how a stream usually flows, from what came in each hour. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from integration_monitor.signals.flat_line import Baseline, Tail
from integration_monitor.signals.week_hours import HOURS_OF_WEEK, HourClasses

FEWEST_GAPS = 3
"""Of so many the second longest one is worth knowing."""
LARGEST_TAIL = 0.05
MOST_GAPS = 50
"""The tail is the longest 5 % of gaps, or the 50 longest where those are fewer: what is said of
silences that never were is then learned from the longest ones that were."""

Floats = NDArray[np.float64]
Hours = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class HourCounts:
    """The hours in which a stream had events."""

    hours: Hours
    """Since 1970, each once, in any order."""
    received: Hours
    """How many came, at least one."""
    first: Floats
    """When the first of them came, in seconds since 1970."""
    last: Floats
    """And the last."""
    longest: Floats | None = None
    """The longest gap between events of that hour, in seconds; None: not known."""

    def between(self, first: int, end: int) -> HourCounts:
        """The hours from `first` on, up to before `end`, by time."""
        order = np.argsort(self.hours, kind="stable")
        within = (self.hours[order] >= first) & (self.hours[order] < end)
        of = order[within]
        longest = None if self.longest is None else self.longest[of]
        return HourCounts(self.hours[of], self.received[of], self.first[of], self.last[of], longest)


@dataclass(frozen=True, eq=False)
class Training:
    """The hours that are learned from, the same for all streams of an integration."""

    first_hour: int
    week: HourClasses
    """Of each hour, which hour of the week it is."""
    up: Floats
    """Of each hour, the share in which receivers ran."""
    observed: Floats
    """Before each hour, how often each hour of the week was observed: (hours + 1) x 168."""


def training(first_hour: int, week: HourClasses, up: Floats) -> Training:
    """Prepare the hours from `first_hour` on."""
    each = np.zeros((len(week) + 1, HOURS_OF_WEEK))
    each[np.arange(1, len(week) + 1), week] = up
    return Training(first_hour, week, up, np.cumsum(each, axis=0))


def fit(counts: HourCounts, hours: Training) -> Baseline | None:
    """The baseline of a stream between its first and its last event; None where there is none.

    What comes after its last event is its silence, and must not be learned as what is usual.
    """
    known = counts.between(hours.first_hour, hours.first_hour + len(hours.week))
    if not len(known.hours):
        return None
    places = known.hours - hours.first_hour
    observed = hours.observed[places[-1] + 1] - hours.observed[places[0]]
    weeks = float(observed.sum()) / HOURS_OF_WEEK
    if weeks <= 0:
        return None
    noticed = known.received * (hours.up[places] > 0).astype(np.float64)
    came: Floats = np.bincount(hours.week[places], noticed, HOURS_OF_WEEK).astype(np.float64)
    shapes = (came + _prior(came, observed)) * (weeks + 1) / (observed + 1)
    events = int(known.received.sum())
    learned = Baseline(weeks, events, shapes)
    tail = _tail(_gaps(known, hours, learned), events)
    return replace(learned, tail=tail, long_gap=_long_gap(known))


def merged(streams: Sequence[HourCounts]) -> HourCounts:
    """All streams as one. Of several the longest gaps are not known."""
    if len(streams) == 1:
        return streams[0]
    hours, place = np.unique(np.concatenate([each.hours for each in streams]), return_inverse=True)
    received = np.zeros(len(hours), dtype=np.int64)
    np.add.at(received, place, np.concatenate([each.received for each in streams]))
    first, last = np.full(len(hours), np.inf), np.full(len(hours), -np.inf)
    np.minimum.at(first, place, np.concatenate([each.first for each in streams]))
    np.maximum.at(last, place, np.concatenate([each.last for each in streams]))
    return HourCounts(hours, received, first, last)


def _prior(came: Floats, observed: Floats) -> Floats:
    """What a usual week has in each hour, were the hours of all days alike, and the days too."""
    overall = came.sum() / max(observed.sum(), 1e-9)
    if overall <= 0:
        return np.zeros(HOURS_OF_WEEK)
    by_day, seen = came.reshape(7, 24), observed.reshape(7, 24)
    hour_of_day = _rate(by_day.sum(axis=0), seen.sum(axis=0), overall)
    day_of_week = _rate(by_day.sum(axis=1), seen.sum(axis=1), overall)
    found: Floats = np.outer(day_of_week, hour_of_day).reshape(HOURS_OF_WEEK) / overall
    return found


def _rate(came: Floats, observed: Floats, otherwise: float) -> Floats:
    seen = observed > 0
    return np.where(seen, came / np.where(seen, observed, 1), otherwise)


def _long_gap(known: HourCounts) -> timedelta | None:
    over_hours = known.first[1:] - known.last[:-1]
    within = known.last - known.first if known.longest is None else known.longest
    gaps = np.sort(np.concatenate([over_hours, within[known.received > 1]]))
    if len(gaps) < FEWEST_GAPS:
        return None
    return timedelta(seconds=max(float(gaps[-2]), 0.0))


@dataclass(frozen=True, eq=False)
class _Gaps:
    """Some gaps between events, the longest ones among them, and for how many each stands."""

    masses: Floats
    weights: Floats


def _gaps(known: HourCounts, hours: Training, learned: Baseline) -> _Gaps:
    """The longest gap that ended in each hour.

    Where it is not known, for the sum of streams, only gaps in which an hour begins are: those of
    less than an hour as often as their length says, and each stands for others accordingly
    (Horvitz and Thompson, JASA 47, 1952).
    """
    rates = hours.up * learned.shapes[hours.week] * learned.unit
    before = np.concatenate(([0.0], np.cumsum(rates)))
    edges = np.arange(len(before), dtype=np.float64)
    start, end = (
        np.interp(at / 3600 - hours.first_hour, edges, before)
        for at in (known.last[:-1], known.first[1:])
    )
    over_hours = np.maximum(end - start, 0.0)
    if known.longest is None:
        lasted = np.maximum((known.first[1:] - known.last[:-1]) / 3600, 1e-6)
        return _Gaps(over_hours, 1 / np.minimum(lasted, 1.0))
    longest = known.longest / 3600 * rates[known.hours - hours.first_hour]
    longest[1:] = np.maximum(longest[1:], over_hours)
    return _Gaps(longest, np.ones(len(longest)))


def _tail(gaps: _Gaps, events: int) -> Tail | None:
    if events < 2 or not len(gaps.masses):
        return None
    order = np.argsort(-gaps.masses, kind="stable")
    masses, weights = gaps.masses[order], gaps.weights[order]
    stands_for = np.cumsum(weights)
    beyond = int((stands_for[:MOST_GAPS] <= LARGEST_TAIL * (events - 1)).sum())
    if beyond == 0 or beyond == len(masses):
        return Tail(float(masses[0]), 0.0, 1 / events)
    start = float(masses[beyond])
    excess = float(weights[:beyond] @ (masses[:beyond] - start)) / float(stands_for[beyond - 1])
    return Tail(start, excess, float(stands_for[beyond - 1]) / (events - 1))
