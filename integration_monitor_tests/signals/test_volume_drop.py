"""Fewer events than usual, though not none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from integration_monitor.manifest.webhooks import VolumeRules
from integration_monitor.signals.flat_line_fit import HourCounts, training
from integration_monitor.signals.volume_drop import JUDGED_HOURS, Expected, dispersion, find_drop
from integration_monitor.signals.volume_facts import Drop
from integration_monitor.signals.week_hours import hour_number, hour_start, week_hours

FIRST = hour_number(datetime(2026, 1, 5, tzinfo=UTC))
HOURS = 5 * 168 + 1
"""The last one is not over."""


def judged(share: list[float], usual: float = 20, **rules: Any) -> Drop | None:
    """Five weeks of `usual` events an hour, of which the last hours have these shares."""
    received = np.random.default_rng(3).poisson(usual, HOURS).astype(np.int64)
    last = HOURS - 1 - len(share)
    received[last : HOURS - 1] = np.round(usual * np.array(share))
    hours = np.flatnonzero(received)
    first = ((FIRST + hours) * 3600 + 60).astype(np.float64)
    counts = HourCounts(FIRST + hours, received[hours], first, first + 3500)
    week = week_hours("UTC", None, FIRST, HOURS)
    return find_drop(counts, training(FIRST, week, np.ones(HOURS)), VolumeRules(**rules))


def test_a_drop_is_told_with_its_beginning() -> None:
    found = judged([0.1] * 6)
    assert found is not None
    assert found.since == hour_start(FIRST + HOURS - 7)
    assert found.received == 12
    assert found.expected == pytest.approx(120, rel=0.2)


@pytest.mark.parametrize(
    ("share", "rules"),
    [
        pytest.param([], {}, id="as usual"),
        pytest.param([0.1] * 2, {}, id="two hours are too few"),
        pytest.param([0.1] * 6, {"drop": 0.0}, id="not looked for"),
        pytest.param([0.5] * 24, {}, id="half of what is usual"),
        pytest.param([0.1] * 6 + [1.0] * 12, {}, id="as usual again"),
        pytest.param([1.0, 0.2] + [0.0] * 5 + [0.5, 1.0], {}, id="a silence that is over"),
    ],
)
def test_what_is_no_drop(share: list[float], rules: dict[str, float]) -> None:
    assert judged(share, **rules) is None


def test_a_slow_stream_takes_longer() -> None:
    assert judged([0.0, 0.2, 0.0] * 4, usual=1) is None
    assert judged([0.0, 0.0, 0.0, 1.0] * 8, usual=1) is not None


def test_counts_that_vary_are_worth_less() -> None:
    usual = np.full(JUDGED_HOURS, 20.0)
    random = np.random.default_rng(1)
    assert dispersion(Expected(random.poisson(usual).astype(float), usual)) < 2
    by_day = np.repeat(random.gamma(4, 1 / 4, 7), 24) * usual
    assert dispersion(Expected(random.poisson(by_day).astype(float), usual)) > 20
