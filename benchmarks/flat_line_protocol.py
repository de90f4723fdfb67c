"""How rules of silence are compared: trained on five weeks, tried on the week after, and so on.

A false alarm is a gap between two real events that is long enough for the rule. For its delay the
stream is stopped at random times, evenly spread over the weeks that are tried: counted from the
stop, not from the last event, until the rule alarms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.flat_line_streams import EventStream, Times
from integration_monitor.signals.flat_line import Baseline, Tail, threshold
from integration_monitor.signals.flat_line_fit import HourCounts, fit, training
from integration_monitor.signals.week_hours import week_hours

TRAINING, TRIED, FOLLOWED = 5 * 168, 168, 4 * 168
"""Hours: learned from, tried, and followed after a stop."""
STOPS = 20
"""In each week and stream."""


@dataclass(frozen=True)
class Rule:
    """When a silence is an alarm."""

    name: str
    alarms: float = 0.0
    """False alarms that are borne, per stream and 30 days."""
    tail: str = "none"
    """`hours`: ours, from what is kept of each hour; `sum`: the same without the longest gap;
    `5 %`: the longest 5 % of all gaps, as in the rule that ours began from; `none`: Poisson."""
    gap_h: float | None = None
    """A fixed gap instead, in hours."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a rule did to some streams."""

    false_alarms: int
    months: float
    delays: Times
    """In minutes; infinite where the stop was not told within four weeks."""

    @property
    def false_a_month(self) -> float:
        """False alarms per stream and 30 days."""
        return self.false_alarms / self.months if self.months else math.nan

    @property
    def delay(self) -> float:
        """The median, in minutes."""
        return float(np.median(self.delays)) if len(self.delays) else math.nan


@dataclass(frozen=True, eq=False)
class _Week:
    """A stream in one week, with what was learned before."""

    by_tail: Mapping[str, Baseline]
    events: Times
    """Those of the week, and the one before."""
    stops: Times
    edges: Times
    mass: Times
    """Since the start of the training, at each edge."""


def hour_counts(times: Times) -> HourCounts:
    """What the store keeps of events."""
    hours, first, received = np.unique(
        (times // 3600).astype(np.int64), return_index=True, return_counts=True
    )
    longest = [
        np.diff(times[start : start + n]).max(initial=0.0)
        for start, n in zip(first, received, strict=True)
    ]
    return HourCounts(
        hours,
        received.astype(np.int64),
        times[first],
        times[first + received - 1],
        np.array(longest),
    )


def compare(
    streams: Iterable[EventStream], rules: Sequence[Rule], *, later: int = 0, seed: int = 11
) -> Mapping[str, Outcome]:
    """Each rule on the same weeks and stops, from so many weeks later on."""
    random = np.random.default_rng(seed)
    weeks = [week for stream in streams for week in _weeks(stream, later, random)]
    return {rule.name: _outcome(rule, weeks) for rule in rules}


def _weeks(stream: EventStream, later: int, random: np.random.Generator) -> Iterator[_Week]:
    times = stream.times
    start, end = int(times[0] // 3600) + 1 + later * TRIED, int(times[-1] // 3600)
    for first in range(start, end - TRAINING - TRIED + 1, TRIED):
        tried = first + TRAINING
        hours = TRAINING + TRIED + FOLLOWED
        week = week_hours(stream.timezone, stream.holidays, first, hours)
        known = times[(times >= first * 3600) & (times < tried * 3600)]
        if not len(known):
            continue
        counts = hour_counts(known)
        learned_from = training(first, week[:TRAINING], np.ones(TRAINING))
        learned = fit(counts, learned_from)
        if learned is None or not learned.is_judged:
            continue
        edges = np.arange(first, first + hours + 1) * 3600.0
        mass = np.concatenate(([0.0], np.cumsum(learned.shapes[week] * learned.unit)))
        before = np.searchsorted(times, tried * 3600.0) - 1
        until = np.searchsorted(times, (tried + TRIED) * 3600.0)
        stops = (tried + TRIED * random.random(STOPS)) * 3600
        by_tail = {
            "hours": learned,
            "sum": fit(replace(counts, longest=None), learned_from) or learned,
            "5 %": _all_gaps(learned, np.diff(np.interp(known, edges, mass))),
            "none": replace(learned, tail=None),
        }
        yield _Week(by_tail, times[before:until], stops, edges, mass)


def _all_gaps(learned: Baseline, gaps: Times) -> Baseline:
    """The tail of every gap."""
    longest = np.sort(gaps)[::-1]
    beyond = int(0.05 * len(gaps))
    start = float(longest[beyond])
    excess = float((longest[:beyond] - start).mean()) if beyond else 0.0
    return replace(learned, tail=Tail(start, excess, 0.05))


def _outcome(rule: Rule, weeks: Sequence[_Week]) -> Outcome:
    alarms, delays = 0, []
    for week in weeks:
        at = week.events / 3600 if rule.gap_h else np.interp(week.events, week.edges, week.mass)
        needed = rule.gap_h or threshold(week.by_tail[rule.tail], rule.alarms)
        alarms += int((np.diff(at) >= needed).sum())
        last = at[np.searchsorted(week.events, week.stops, side="right") - 1]
        if rule.gap_h:
            told = (last + needed) * 3600
        else:
            told = np.interp(last + needed, week.mass, week.edges, right=np.inf)
        delays.append(np.maximum(told - week.stops, 0) / 60)
    months = len(weeks) * TRIED / 720
    return Outcome(alarms, months, np.concatenate(delays) if delays else np.empty(0))
