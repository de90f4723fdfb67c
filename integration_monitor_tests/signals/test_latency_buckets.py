"""Percentiles of buckets are those of the latencies, within two percent."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.signals.latency_buckets import (
    NONE,
    bucket_of,
    highest_within,
    milliseconds,
    quantile,
    quantiles,
)

LATENCIES = st.lists(st.floats(0.02, 3_000_000), min_size=1, max_size=200)
SHARES = (0.5, 0.95, 0.99)


@given(LATENCIES)
def test_quantiles_are_within_the_relative_error_of_the_exact_ones(latencies: list[float]) -> None:
    found = quantiles(Counter(map(bucket_of, latencies)), SHARES)
    ordered = sorted(latencies)
    exact = [ordered[max(1, math.ceil(share * len(ordered))) - 1] for share in SHARES]
    assert found == pytest.approx(exact, rel=0.0201)


@given(LATENCIES)
def test_one_at_a_time_they_are_the_same(latencies: list[float]) -> None:
    counts = Counter(map(bucket_of, latencies))
    assert quantiles(counts, SHARES) == tuple(quantile(counts, share) for share in SHARES)


@given(st.floats(0.02, 3_000_000))
def test_what_is_within_a_limit_is_not_above_it(ms: float) -> None:
    bucket = highest_within(ms)
    assert milliseconds(bucket) <= ms < milliseconds(bucket + 1)


@pytest.mark.parametrize("counts", [{}, {NONE: 5}, {7: 0}])
def test_nothing_counted_has_no_quantile(counts: dict[int, int]) -> None:
    assert quantile(counts, 0.5) is None
    assert quantiles(counts, SHARES) == ()
