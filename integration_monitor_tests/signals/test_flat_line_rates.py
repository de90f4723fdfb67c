"""The false alarms and delays that the documentation promises, on fewer streams than measured."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def tried(streams: str) -> tuple[float, float, float, float]:
    """False alarms a month and median delay in minutes: those of plain Poisson, then ours."""
    # Imported late: only who runs slow tests waits for pandas, and has the benchmarks.
    from benchmarks.flat_line_protocol import Rule, compare
    from benchmarks.flat_line_streams import departures, synthetic

    of = departures(pooled=True) if streams == "departures" else []
    of = of or synthetic(16, bursty=streams == "bursty")
    found = compare(of, [Rule("plain", 0.1), Rule("ours", 0.1, "hours")])
    plain, ours = found["plain"], found["ours"]
    return plain.false_a_month, plain.delay, ours.false_a_month, ours.delay


def test_independent_events_alarm_about_as_often_as_asked_for() -> None:
    _, plain_delay, alarms, delay = tried("plain")
    assert alarms < 0.2
    assert delay < 1.05 * plain_delay


def test_bursts_are_not_taken_for_silence() -> None:
    plain, _, alarms, _ = tried("bursty")
    assert alarms < 2
    assert plain > 20 * alarms


def test_real_departures_as_one_stream() -> None:
    plain, _, alarms, delay = tried("departures")
    assert alarms < plain / 4
    assert delay < 30
