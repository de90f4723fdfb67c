"""How long a stream may be silent before it is an alarm. Pure.

The rule is that of phi-accrual failure detectors, in time that is rescaled by how busy a stream
usually is: each hour of the week has a gamma posterior for its rate, and the silence since the
last event has a mass, which is about the number of events that were expected meanwhile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from integration_monitor.signals.receiver_time import ReceiverTime
from integration_monitor.signals.week_hours import HourClasses, hour_number

Floats = NDArray[np.float64]

FEWEST_WEEKS = 2.0
FEWEST_EVENTS = 30
"""Younger or quieter streams are only held to their heartbeat."""
LOWEST = 3.0
"""No silence is an alarm that is likelier than 5 %, however many alarms are borne."""
_WEEKS_IN_30_DAYS = 30 / 7


@dataclass(frozen=True)
class Tail:
    """The longest gaps between events, in rescaled time: so a stream is known to be bursty."""

    start: float
    """They are longer than this."""
    excess: float
    """By so much on average."""
    share: float
    """So many of all gaps are."""


@dataclass(frozen=True, eq=False)
class Baseline:
    """How a stream usually flows."""

    weeks: float
    """Weeks of training, as far as receivers ran."""
    events: int
    """How many came in them."""
    shapes: Floats
    """Of each hour of the week the shape of its gamma posterior, at the rate `weeks + 1`."""
    tail: Tail | None = None
    """How long its longest gaps are; None: too few to say."""
    long_gap: timedelta | None = None
    """Its second longest gap, so that one outage does not count; None: too few to say."""

    @property
    def is_judged(self) -> bool:
        """Whether enough is known to judge its silence."""
        return self.weeks >= FEWEST_WEEKS and self.events >= FEWEST_EVENTS

    @property
    def hourly(self) -> Floats:
        """Events expected in each hour of the week."""
        return self.shapes / (self.weeks + 1)

    @property
    def in_30_days(self) -> float:
        """Events expected in 30 days."""
        return float(self.hourly.sum()) * _WEEKS_IN_30_DAYS

    @property
    def unit(self) -> float:
        """What one hour without events adds to the mass, per unit of its shape."""
        return math.log1p(1 / (self.weeks + 1))


def silence(
    baseline: Baseline,
    week: HourClasses,
    receiver: ReceiverTime,
    since: datetime,
    until: datetime,
) -> float:
    """The mass of a silence: `exp(-mass)` is its chance, where events come independently.

    `week` are the hours of the week from `receiver.first_hour` on; what was before is left out, as
    is time in which no receiver ran.
    """
    first = max(hour_number(since) - receiver.first_hour, 0)
    last = min(hour_number(until) - receiver.first_hour, len(week) - 1)
    if until <= since or last < 0 or first >= len(week):
        return 0.0
    shapes = baseline.shapes
    whole = receiver.minutes(since, until) / 60
    if first == last:
        return baseline.unit * whole * float(shapes[week[first]])
    # What the first and last hour leave of their minutes, and all hours between them.
    between = slice(first + 1, last)
    end = 60 * (first + 1)
    head = max(float(receiver.ran[end]) - receiver.minutes_before(since), 0.0) / 60
    inner = float(receiver.hours[between].sum())
    tail = max(whole - head - inner, 0.0)
    mass = head * float(shapes[week[first]]) + tail * float(shapes[week[last]])
    mass += float(receiver.hours[between] @ shapes[week[between]])
    return baseline.unit * mass


def threshold(baseline: Baseline, alarms: float) -> float:
    """The mass from which on a silence is an alarm, at so many false ones in 30 days.

    It is that of independent events, or higher by how long the stream's own longest gaps are.
    """
    ratio = max(baseline.in_30_days, 1e-9) / max(alarms, 1e-9)
    needed = max(math.log(ratio), LOWEST)
    tail = baseline.tail
    if tail is None:
        return needed
    further = math.log(max(tail.share * ratio, 1.0))
    return max(needed, tail.start + tail.excess * further)


def chance(baseline: Baseline, mass: float) -> float:
    """How likely a gap is that is at least so long, 0 to 1."""
    plain = math.exp(-mass)
    tail = baseline.tail
    if tail is None or tail.excess <= 0 or mass <= tail.start:
        return plain
    return max(plain, tail.share * math.exp(-(mass - tail.start) / tail.excess))
