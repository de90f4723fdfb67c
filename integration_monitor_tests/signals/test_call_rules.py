"""A share counts when it is over for long enough, on enough calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.call_rules import Halves, end_of, halves, over

END = datetime(2026, 3, 1, 14, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("bad", "of", "counts"),
    [
        pytest.param((5, 1, 1), (100, 20, 20), True, id="exactly at the limit, all along"),
        pytest.param((4, 1, 1), (100, 20, 20), False, id="just below it"),
        pytest.param((2, 1, 1), (20, 10, 10), False, id="two calls are no share"),
        pytest.param((3, 1, 1), (20, 10, 10), True, id="three are"),
        pytest.param((20, 0, 20), (100, 20, 20), False, id="it has only begun"),
        pytest.param((20, 20, 0), (100, 20, 20), False, id="it is over"),
        pytest.param((20, 0, 0), (100, 20, 20), False, id="it was before"),
        pytest.param((20, 0, 4), (100, 4, 20), True, id="a half of few calls says nothing alone"),
        pytest.param((20, 4, 0), (100, 20, 4), True, id="nor does the newer one"),
        pytest.param((20, 0, 0), (100, 4, 4), False, id="both together do"),
        pytest.param((20, 0, 0), (100, 2, 2), True, id="too few for that: the window decides"),
        pytest.param((20, 0, 0), (100, 0, 0), True, id="nothing was called since"),
        pytest.param((0, 0, 0), (0, 0, 0), False, id="nothing at all"),
    ],
)
def test_a_share_counts_when_it_lasts(
    bad: tuple[int, int, int], of: tuple[int, int, int], counts: bool
) -> None:
    assert over(Stretches(*bad), Stretches(*of), 0.05) is counts


def test_strictly_leaves_out_the_limit_itself() -> None:
    assert not over(Stretches(5), Stretches(100), 0.05, strictly=True)
    assert over(Stretches(6), Stretches(100), 0.05, strictly=True)


@given(st.integers(3, 50), st.integers(0, 50), st.floats(0.01, 1))
def test_more_errors_never_make_it_well(bad: int, more: int, limit: float) -> None:
    of = Stretches(200, 100, 100)
    if over(Stretches(2 * bad, bad, bad), of, limit):
        assert over(Stretches(2 * (bad + more), bad + more, bad + more), of, limit)


@pytest.mark.parametrize(("second", "end_minute"), [(0, 20), (19, 20), (20, 21), (59, 21)], ids=str)
def test_a_minute_is_judged_once_it_had_time_to_arrive(second: int, end_minute: int) -> None:
    now = END.replace(minute=20, second=second)
    assert end_of(now) == END.replace(minute=end_minute)


@pytest.mark.parametrize(
    ("minutes", "older", "newer"),
    [(0, 0, 0), (1, 1, 1), (2, 2, 1), (5, 5, 3), (10, 10, 5)],
)
def test_the_newer_half_is_the_longer_one(minutes: int, older: int, newer: int) -> None:
    assert halves(END, timedelta(minutes=minutes)) == Halves(
        END - timedelta(minutes=older), END - timedelta(minutes=newer)
    )
