"""Learning how a stream usually flows, from what came in each hour. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from integration_monitor.signals.flat_line import TAIL, Baseline
from integration_monitor.signals.week_hours import HOURS_OF_WEEK, HourClasses

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

    def in_order(self) -> HourCounts:
        """The same, by time."""
        order = np.argsort(self.hours, kind="stable")
        return HourCounts(
            self.hours[order], self.received[order], self.first[order], self.last[order]
        )

    def before(self, hour: int) -> HourCounts:
        """Those before an hour."""
        of = self.hours < hour
        return HourCounts(self.hours[of], self.received[of], self.first[of], self.last[of])


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
    end = hours.first_hour + len(hours.week)
    within = (counts.hours >= hours.first_hour) & (counts.hours < end)
    known = HourCounts(
        counts.hours[within], counts.received[within], counts.first[within], counts.last[within]
    ).in_order()
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
    start, excess = _tail(_gaps(known, hours, learned), events)
    return Baseline(weeks, events, shapes, start, excess)


def merged(streams: Sequence[HourCounts]) -> HourCounts:
    """All streams as one."""
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


@dataclass(frozen=True, eq=False)
class _Gaps:
    """Some gaps between events, and for how many of all each stands."""

    masses: Floats
    weights: Floats


def _gaps(known: HourCounts, hours: Training, learned: Baseline) -> _Gaps:
    """The gaps between the last event of an hour and the first of the next hour that has any.

    A gap is seen where an hour begins in it, so one of less than an hour is seen as often as its
    length says, and stands for others accordingly (Horvitz and Thompson, JASA 47, 1952).
    """
    each = hours.up * learned.shapes[hours.week] * learned.unit
    before = np.concatenate(([0.0], np.cumsum(each)))
    edges = np.arange(len(before), dtype=np.float64)
    start, end = (
        np.interp(at / 3600 - hours.first_hour, edges, before)
        for at in (known.last[:-1], known.first[1:])
    )
    lasted = np.maximum((known.first[1:] - known.last[:-1]) / 3600, 1e-6)
    return _Gaps(np.maximum(end - start, 0.0), 1 / np.minimum(lasted, 1.0))


def _tail(gaps: _Gaps, events: int) -> tuple[float | None, float | None]:
    """The 95 % quantile of all gaps, and the mean excess over it."""
    if events < 2 or not len(gaps.masses):
        return None, None
    order = np.argsort(-gaps.masses, kind="stable")
    masses, weights = gaps.masses[order], gaps.weights[order]
    longer = np.cumsum(weights) <= TAIL * (events - 1)
    beyond = int(longer.sum())
    if beyond == 0:
        return float(masses[0]), 0.0
    start = float(masses[beyond]) if beyond < len(masses) else 0.0
    excess = float(weights[:beyond] @ (masses[:beyond] - start)) / float(weights[:beyond].sum())
    return start, excess
