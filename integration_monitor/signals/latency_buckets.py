"""Latencies in log-spaced buckets, so that percentiles of many minutes can be merged. Pure.

With gamma = (1 + a) / (1 - a) every value of bucket i, from gamma^(i-1) to gamma^i ms, is within
the relative error a of 2·gamma^i / (gamma + 1): the mapping of DDSketch (Masson, Rim, Lee,
VLDB 2019, section 2.1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

RELATIVE_ERROR = 0.02
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
LOWEST, HIGHEST = -115, 380
"""From 0.01 ms to about an hour; what is beyond counts as the last bucket."""
NONE = -32768
"""The bucket of calls without a latency."""
_PER_LOG = 1 / math.log(GAMMA)


def bucket_of(ms: float) -> int:
    """The bucket of a latency in milliseconds."""
    if ms <= 0:
        return LOWEST
    return min(max(math.ceil(math.log(ms) * _PER_LOG), LOWEST), HIGHEST)


def milliseconds(bucket: int) -> float:
    """The latency that stands for a bucket, in milliseconds."""
    return 2 * GAMMA**bucket / (GAMMA + 1)


def highest_within(ms: float) -> int:
    """The highest bucket that stands for a latency of at most so many milliseconds."""
    bucket = bucket_of(ms)
    return bucket if milliseconds(bucket) <= ms else bucket - 1


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """The nearest-rank quantile in milliseconds; None where nothing was counted."""
    found = quantiles(counts, (share,))
    return found[0] if found else None


def quantiles(counts: Mapping[int, int], shares: Sequence[float]) -> tuple[float, ...]:
    """Several of them, the shares in ascending order; empty where nothing was counted."""
    known = sorted((bucket, n) for bucket, n in counts.items() if bucket != NONE and n > 0)
    total = sum(n for _, n in known)
    ranks = [max(1, math.ceil(share * total)) for share in shares]
    found: list[float] = []
    passed = 0
    for bucket, n in known:
        passed += n
        if passed < ranks[len(found)]:
            continue
        value = milliseconds(bucket)
        found += [value] * sum(rank <= passed for rank in ranks[len(found) :])
        if len(found) == len(ranks):
            break
    return tuple(found)
