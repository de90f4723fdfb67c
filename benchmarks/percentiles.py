"""How far percentiles from merged buckets are from the exact ones.

A million latencies, spread over 60 minutes that are merged as the monitor merges them.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from functools import partial

from benchmarks.measuring import Row, in_child, median, options, rounds, show
from integration_monitor.signals.latency_buckets import bucket_of, quantile

AT_MOST = 0.02
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
_MINUTES = 60


def main() -> None:
    """Measure each distribution, and print how far the percentiles are off."""
    chosen = options(__doc__, repeats=3, latencies=1_000_000)
    rows = [_row(name, chosen.repeats, chosen.latencies) for name in DISTRIBUTIONS]
    show(rows, as_json=chosen.json)


def measured(name: str, latencies: int) -> Mapping[str, float]:
    """The relative error of each percentile."""
    drawn = random.Random(17)
    values = [DISTRIBUTIONS[name](drawn) for _ in range(latencies)]
    minutes = [Counter[int]() for _ in range(_MINUTES)]
    for number, value in enumerate(values):
        minutes[number % _MINUTES][bucket_of(value)] += 1
    merged = sum(minutes, Counter[int]())
    values.sort()
    return {name: _error(values, merged, share) for name, share in SHARES.items()}


def _error(values: list[float], merged: Mapping[int, int], share: float) -> float:
    exact = values[max(1, math.ceil(share * len(values))) - 1]
    found = quantile(merged, share)
    return abs((found or 0.0) - exact) / exact


def _row(name: str, repeats: int, latencies: int) -> Row:
    (costs,) = rounds(repeats, partial(in_child, measured, name, latencies))
    errors = {f"{one} off %": median(costs, one) * 100 for one in SHARES}
    return {"latencies": name, **errors, "at most %": AT_MOST * 100}


def _log_normal(drawn: random.Random) -> float:
    """Milliseconds around 120, as of one endpoint on a good day."""
    return drawn.lognormvariate(math.log(120), 0.8)


def _bimodal(drawn: random.Random) -> float:
    """Nine of ten answers from a cache, the others computed."""
    if drawn.random() < 0.9:
        return drawn.lognormvariate(math.log(15), 0.3)
    return drawn.lognormvariate(math.log(1500), 0.4)


DISTRIBUTIONS = {"log-normal": _log_normal, "bimodal": _bimodal}


if __name__ == "__main__":
    main()
