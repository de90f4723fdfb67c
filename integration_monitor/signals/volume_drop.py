"""Fewer events than usual, though not none. Pure.

Page's CUSUM test (Page, Biometrika 41, 1954) on hourly counts: how much likelier they are at a
tenth or a third of the usual rate than at the usual one. What is usual is learned from the weeks
before those that are judged. Counts vary more than independent events would, from hour to hour and
from day to day; evidence is worth so much less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from integration_monitor.manifest.webhooks import VolumeRules
from integration_monitor.signals.flat_line import threshold
from integration_monitor.signals.flat_line_fit import Floats, HourCounts, Training, fit
from integration_monitor.signals.volume_facts import Drop
from integration_monitor.signals.week_hours import HOURS_OF_WEEK, hour_start

JUDGED_HOURS = HOURS_OF_WEEK
"""The last week is judged, by the weeks before it."""
FEWEST_HOURS = 3
"""A drop is told after so many hours, however clear it is: one counts for a third at most."""
_TELLING = 5.0
"""So many expected events say whether a stream is back."""
_HOURS_IN_30_DAYS = 720


@dataclass(frozen=True, eq=False)
class Expected:
    """What came in each hour of the training, and what is usual there."""

    received: Floats
    usual: Floats


def find_drop(counts: HourCounts, hours: Training, rules: VolumeRules) -> Drop | None:
    """The drop that goes on at the end of the last whole hour; None where there is none.

    It has begun where the evidence did, and is over when half of what made the alarm is left.
    """
    whole = len(hours.week) - 1
    judged = whole - JUDGED_HOURS
    if rules.drop <= 0 or judged <= 0:
        return None
    learned = fit(counts.between(hours.first_hour, hours.first_hour + judged), hours)
    if learned is None or not learned.is_judged:
        return None
    usual = learned.hourly[hours.week] * hours.up
    received = _by_hour(counts, hours)
    began = int(counts.hours.min()) - hours.first_hour
    before = slice(max(began, 0), judged)
    spread = dispersion(Expected(received[before], usual[before]))
    last = Expected(received[judged:whole], usual[judged:whole])
    if _is_echo(last, threshold(learned, rules.alarms), rules.drop):
        return None
    begun = _cusum(last, spread, rules)
    if begun is None:
        return None
    return Drop(
        hour_start(hours.first_hour + judged + begun),
        received=float(last.received[begun:].sum()),
        expected=float(last.usual[begun:].sum()),
    )


def dispersion(known: Expected) -> float:
    """The variance of counts over that of independent events, at least 1.

    The larger one of what hours and what days show: on a day that is less busy all hours are.
    """
    days = len(known.usual) // 24 * 24
    by_day = (part[:days].reshape(-1, 24).sum(axis=1) for part in (known.received, known.usual))
    return max(1.0, _pearson(known.received, known.usual), _pearson(*by_day))


def _pearson(received: Floats, usual: Floats) -> float:
    seen = usual > 0
    if not seen.any():
        return 1.0
    of = (received[seen] - usual[seen]) ** 2 / usual[seen]
    # One parameter was learned for about four weeks of the same hour.
    return float(of.mean()) * 4 / 3


def _is_echo(last: Expected, needed: float, ratio: float) -> bool:
    """Whether what is missing may all be due to a silence that was an alarm of its own.

    It is not where the hours after it, without the one in which events came again, are low too.
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], last.received == 0, [0]))))
    silent = [
        end for start, end in edges.reshape(-1, 2).tolist() if last.usual[start:end].sum() >= needed
    ]
    if not silent:
        return False
    since = slice(silent[-1] + 1, None)
    expected = float(last.usual[since].sum())
    return expected < _TELLING or float(last.received[since].sum()) >= ratio * expected


def _cusum(last: Expected, spread: float, rules: VolumeRules) -> int | None:
    """Where the drop began that goes on at the end."""
    needed = math.log(_HOURS_IN_30_DAYS / rules.alarms)
    ratio = rules.drop
    steps = (last.usual * (1 - ratio) + last.received * math.log(ratio)) / spread
    # So that a single hour, such as one in which a silence ended, is never a drop.
    steps = np.minimum(steps, needed / FEWEST_HOURS)
    path = np.cumsum(steps)
    if (path - np.minimum.accumulate(np.minimum(path, 0.0))).max(initial=0.0) < needed:
        return None
    score, begun, alarmed = 0.0, 0, False
    for place, step in enumerate(steps.tolist()):
        if score <= 0:
            begun = place
        # Bounded, so that a long drop does not take as long to be over.
        score = min(max(score + step, 0.0), 1.5 * needed)
        alarmed = score >= needed or (alarmed and score >= needed / 2)
    share = last.received[begun:].sum() / max(last.usual[begun:].sum(), 1e-9)
    return begun if alarmed and share < ratio else None


def _by_hour(counts: HourCounts, hours: Training) -> Floats:
    found = np.zeros(len(hours.week))
    within = counts.between(hours.first_hour, hours.first_hour + len(hours.week))
    found[within.hours - hours.first_hour] = within.received
    return found
