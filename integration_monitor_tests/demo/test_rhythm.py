"""The demo's webhooks, judged by the rule that judges all: noticed soon, and never by mistake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from integration_monitor import demo
from integration_monitor.demo.rhythm import EVENNESS, EVENTS_A_SECOND, Stream, activity, streams
from integration_monitor.demo.webhook_history import Count, counted
from integration_monitor.manifest.load import load_directory
from integration_monitor.signals.flat_line import Baseline, threshold
from integration_monitor.signals.flat_line_fit import HourCounts, fit, merged, training
from integration_monitor.signals.week_hours import hour_number, week_hours

MANIFESTS = Path(demo.__file__).parent / "manifests"
NOON = datetime(2026, 3, 4, 12, 20, tzinfo=UTC)
WEEK = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour) for hour in range(168)]


@pytest.fixture(scope="module")
def history() -> list[Count]:
    return list(counted("crm", NOON, np.random.default_rng(7)))


@pytest.fixture(scope="module")
def alarms() -> float:
    """How many the demo's manifest bears."""
    (crm,) = (one for one in load_directory(MANIFESTS).integrations if one.webhooks)
    assert crm.webhooks is not None
    return crm.webhooks.volume.alarms


def test_days_are_busier_than_nights_and_weekends() -> None:
    by_hour = [activity(at) for at in WEEK]
    assert max(by_hour) > 3 * min(by_hour)
    assert sum(by_hour[:24]) > sum(by_hour[120:144])
    assert np.mean(by_hour[:120]) == pytest.approx(1)
    assert sum(streams().values()) == pytest.approx(EVENTS_A_SECOND)


def test_history_has_every_stream_in_every_hour_of_five_weeks(history: list[Count]) -> None:
    by_stream: dict[Stream, list[Count]] = {}
    for count in history:
        by_stream.setdefault(Stream(count.tenant, count.type), []).append(count)
    assert by_stream.keys() == streams().keys()
    for stream, counts in by_stream.items():
        assert len(counts) in (5 * 168, 5 * 168 + 1)
        expected = sum(streams()[stream] * activity(count.hour) * 3600 for count in counts)
        assert sum(count.received for count in counts) == pytest.approx(expected, rel=0.05)


def test_no_event_of_history_is_outside_of_its_hour_or_still_to_come(history: list[Count]) -> None:
    for count in history:
        assert count.hour <= count.first_at <= count.last_at <= NOON
        assert count.last_at < count.hour + timedelta(hours=1)


def test_silence_of_all_is_noticed_within_two_minutes_at_any_hour(
    history: list[Count], alarms: float
) -> None:
    whole = learned(history)
    slowest = threshold(whole, alarms) / (whole.unit * whole.shapes.min() / 3600)
    assert whole.is_judged
    assert slowest < 120


def test_no_silence_comes_near_an_alarm_by_chance(history: list[Count], alarms: float) -> None:
    rng = np.random.default_rng(7)
    days = 7 * 86_400
    arrivals = []
    for stream, rate in streams().items():
        gaps = rng.gamma(EVENNESS, 1 / EVENNESS, int(days * rate))
        of_stream = learned([count for count in history if (count.tenant, count.type) == stream])
        assert of_stream.is_judged
        # Half of it is told as a watch.
        assert gaps.max() < threshold(of_stream, alarms) / 2
        arrivals.append(gaps.cumsum() / rate)
    all_of_them = np.sort(np.concatenate(arrivals))
    # Their beginnings and ends are none of chance.
    middle = all_of_them[(all_of_them > 0.1 * days) & (all_of_them < 0.9 * days)]
    together = np.diff(middle) * EVENTS_A_SECOND
    alarm = threshold(learned(history), alarms)
    assert together.max() < 0.75 * alarm
    assert (together > alarm / 2).sum() <= 3, "a watch of a second, every few days"


def learned(history: list[Count]) -> Baseline:
    first = hour_number(NOON) - 5 * 168
    hours = training(first, week_hours("UTC", None, first, 5 * 168 + 1), np.ones(5 * 168 + 1))
    found = fit(merged([of_hour(count) for count in history]), hours)
    assert found is not None
    return found


def of_hour(count: Count) -> HourCounts:
    return HourCounts(
        hours=np.array([hour_number(count.hour)]),
        received=np.array([count.received]),
        first=np.array([count.first_at.timestamp()]),
        last=np.array([count.last_at.timestamp()]),
    )
