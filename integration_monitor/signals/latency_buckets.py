"""Latencies in log-spaced buckets, so that percentiles of many minutes can be merged. Pure.

With gamma = (1 + a) / (1 - a) every value of bucket i, from gamma^(i-1) to gamma^i ms, is within
the relative error a of 2·gamma^i / (gamma + 1): the mapping of DDSketch (Masson, Rim, Lee,
VLDB 2019, section 2.1).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate

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


@cache
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
    """Several of them, in the order of the shares; empty where nothing was counted."""
    known = sorted(counts)
    if known[:1] == [NONE]:
        del known[0]
    passed = list(accumulate(map(counts.__getitem__, known)))
    if not passed or not passed[-1]:
        return ()
    ranks = [max(1, math.ceil(share * passed[-1])) for share in shares]
    return tuple([milliseconds(known[bisect_left(passed, rank)]) for rank in ranks])
