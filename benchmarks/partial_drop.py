"""How the rule for partial drops does: false alarms of real and made events, delay of made drops.

The rule looks at hourly counts, here every second hour. For its delay a stream loses each of its
events with the same chance from a random time on, for a week at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.flat_line_protocol import hour_counts
from benchmarks.flat_line_streams import EventStream, Times, departures, synthetic
from benchmarks.measuring import Row, options, show
from integration_monitor.manifest.webhooks import VolumeRules
from integration_monitor.signals.flat_line_fit import HourCounts, training
from integration_monitor.signals.volume_drop import find_drop
from integration_monitor.signals.week_hours import week_hours

LEARNED, EVERY, FOLLOWED = 5 * 168, 2, 168
"""Hours: the rule sees so many, is asked so often, and for so long after a drop."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A stream, and a rule."""

    stream: EventStream
    rules: VolumeRules

    def drops_at(self, counts: HourCounts, now: int) -> bool:
        """Whether a drop is told at the start of an hour."""
        first = now - LEARNED
        week = week_hours(self.stream.timezone, self.stream.holidays, first, LEARNED + 1)
        seen = counts.between(first, now)
        if not len(seen.hours):
            return False
        return find_drop(seen, training(first, week, np.ones(LEARNED + 1)), self.rules) is not None

    def alarms(self, every: int) -> tuple[int, float]:
        """How often a drop began, and the months that were looked at."""
        counts, times = hour_counts(self.stream.times), self.stream.times
        start, end = int(times[0] // 3600) + LEARNED, int(times[-1] // 3600)
        told = [self.drops_at(counts, now) for now in range(start, end, every)]
        began = sum(now and not before for before, now in zip([False, *told], told, strict=False))
        return began, max(end - start, 0) / 720

    def delays(self, left: float, drops: int, random: np.random.Generator) -> Iterator[float]:
        """Hours until a drop to this share is told; infinite where it is not within a week."""
        times = self.stream.times
        start, end = int(times[0] // 3600) + LEARNED, int(times[-1] // 3600) - FOLLOWED
        for _ in range(drops):
            at = int(random.integers(start, end))
            yield self._delay(_thinned(times, at, left, random), at)

    def _delay(self, times: Times, at: int) -> float:
        near = times[(times >= (at - LEARNED - 1) * 3600) & (times < (at + FOLLOWED) * 3600)]
        counts = hour_counts(near)
        if self.drops_at(counts, at):
            return math.nan
        told = range(at + EVERY, at + FOLLOWED + 1, EVERY)
        return next((float(now - at) for now in told if self.drops_at(counts, now)), math.inf)


def measure(
    streams: Sequence[EventStream], rules: VolumeRules, *, every: int, drops: int, seed: int = 5
) -> Row:
    """False alarms a month, and how soon drops to nothing, a tenth and a fifth are told."""
    random = np.random.default_rng(seed)
    trials = [Trial(stream, rules) for stream in streams]
    alarms, months = map(sum, zip(*(trial.alarms(every) for trial in trials), strict=True))
    row: dict[str, object] = {"drop": rules.drop, "B": rules.alarms}
    row["false a month"] = round(alarms / months, 3)
    for left in (0.1, 0.2, 0.5):
        found = np.array([d for trial in trials for d in trial.delays(left, drops, random)])
        found = found[~np.isnan(found)]
        row[f"to {left:.0%}: told"] = f"{np.isfinite(found).mean():.0%}"
        row[f"to {left:.0%}: median, h"] = float(np.median(found))
    return row


def main() -> None:
    """Measure each set of streams with each ratio."""
    chosen = options(__doc__, weeks=16, every=6, drops=4)
    sets = {
        "plain": synthetic(chosen.weeks, bursty=False)[::2],
        "bursty": synthetic(chosen.weeks, bursty=True)[::2],
        "departures, 27 streams": departures(pooled=False),
        "departures with holidays": departures(pooled=False, holidays="US"),
    }
    rows = []
    for name, streams in sets.items():
        for drop in (0.1, 0.3):
            rules = replace(VolumeRules(), drop=drop)
            found = measure(streams, rules, every=chosen.every, drops=chosen.drops)
            rows.append({"streams": name, **found})
    show(rows, as_json=chosen.json)


def _thinned(times: Times, at: int, left: float, random: np.random.Generator) -> Times:
    kept = (times < at * 3600) | (random.random(len(times)) < left)
    found: Times = times[kept]
    return found


if __name__ == "__main__":
    main()
