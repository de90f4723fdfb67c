"""Which hour of the week an hour is, where the people live who cause the events. Pure.

Hours are counted since 1970 in UTC. Each is one local hour, whatever clocks do: in the night in
which they are put back, one local hour comes twice.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
import numpy as np
from numpy.typing import NDArray

HOURS_OF_WEEK = 168
SUNDAY = 6

HourClasses = NDArray[np.int64]
"""Of consecutive hours, 0 (Monday, 00:00) to 167."""


def hour_number(at: datetime) -> int:
    """Hours since 1970 in UTC, whole ones."""
    return int(at.timestamp() // 3600)


def hour_start(number: int) -> datetime:
    """When that hour begins."""
    return datetime.fromtimestamp(number * 3600, UTC)


@lru_cache(maxsize=256)
def week_hours(timezone: str, country: str | None, first: int, count: int) -> HourClasses:
    """The hours of the week of so many hours from `first` on; public holidays are Sundays.

    `country` is as in the manifest: `DE`, `DE-BY`. Raises `KeyError` for a time zone and
    `NotImplementedError` for a country that is not known.
    """
    zone, free = ZoneInfo(timezone), _free_days(country)
    found = np.empty(count, dtype=np.int64)
    for place in range(count):
        local = datetime.fromtimestamp((first + place) * 3600, zone)
        weekday = SUNDAY if local.date() in free else local.weekday()
        found[place] = 24 * weekday + local.hour
    found.setflags(write=False)
    return found


@lru_cache(maxsize=64)
def _free_days(country: str | None) -> Container[date]:
    if country is None:
        return ()
    name, _, subdivision = country.partition("-")
    # Years are added as they are asked for.
    return holidays.country_holidays(name, subdiv=subdivision or None)
