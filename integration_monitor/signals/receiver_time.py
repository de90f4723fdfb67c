"""When receivers ran: time in which nobody could have heard the partner is no silence. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from integration_monitor.signals.turned_away import Stretch
from integration_monitor.signals.week_hours import hour_number, hour_start

Floats = NDArray[np.float64]
BLIND_AFTER = timedelta(minutes=3)
"""A receiver writes each minute; so much later it is known that none runs."""
_BITS = np.arange(60, dtype=np.uint64)


@dataclass(frozen=True, eq=False)
class ReceiverTime:
    """The minutes in which some receiver was up, from the start of an hour on."""

    first_hour: int
    ran: Floats
    """Before each minute: how many minutes since `first_hour` receivers ran."""
    hours: Floats
    """Of each hour, the share in which receivers ran."""
    since: datetime | None
    """The first minute that is known of all; before it nothing is known."""
    newest: datetime | None
    """The newest one."""
    away: Floats | None = None
    """As `ran`, the minutes that were taken out of it because an integration was turned away."""

    def minutes(self, since: datetime, until: datetime) -> float:
        """How many minutes receivers ran in between."""
        return max(self.minutes_before(until) - self.minutes_before(since), 0.0)

    def is_blind(self, now: datetime) -> bool:
        """Whether no receiver runs."""
        return self.newest is None or now - self.newest >= BLIND_AFTER

    def minutes_before(self, at: datetime) -> float:
        """How many minutes receivers ran from `first_hour` on."""
        return self._before(self.ran, at)

    def turned_away(self, since: datetime, until: datetime) -> float:
        """How many minutes receivers ran in between, and could not take the integration's."""
        if self.away is None:
            return 0.0
        return max(self._before(self.away, until) - self._before(self.away, since), 0.0)

    def without(self, some: Sequence[Stretch], another: Stretch | None = None) -> ReceiverTime:
        """The time of one integration, that was turned away in these whole minutes."""
        stretches = [*some, another] if another else some
        if not stretches:
            return self
        up = np.diff(self.ran)
        away = np.zeros(len(up))
        for each in stretches:
            first, last = (
                int(at.timestamp() // 60) - 60 * self.first_hour for at in (each.since, each.until)
            )
            minutes = slice(max(first, 0), max(last + 1, 0))
            away[minutes] = up[minutes]
        return replace(
            self,
            ran=np.concatenate(([0.0], np.cumsum(up - away))),
            hours=(up - away).reshape(-1, 60).mean(axis=1),
            away=np.concatenate(([0.0], np.cumsum(away))),
        )

    def _before(self, minutes: Floats, at: datetime) -> float:
        minute, share = divmod(at.timestamp() / 60 - 60 * self.first_hour, 1)
        last = len(minutes) - 1
        if minute < 0 or minute >= last:
            return 0.0 if minute < 0 else float(minutes[last])
        start = float(minutes[int(minute)])
        return start + share * (float(minutes[int(minute) + 1]) - start)


def receiver_time(
    masks: Mapping[int, int], since: datetime | None, first_hour: int, until: datetime
) -> ReceiverTime:
    """From a mask an hour: bit 0 is set where a receiver ran in its first minute."""
    hours = max(hour_number(until) - first_hour + 1, 1)
    each = np.array([masks.get(first_hour + h, 0) for h in range(hours)], dtype=np.uint64)
    up = ((each[:, None] >> _BITS) & np.uint64(1)).astype(np.float64)
    return ReceiverTime(
        first_hour,
        ran=np.concatenate(([0.0], np.cumsum(up))),
        hours=up.mean(axis=1),
        since=since,
        newest=_newest(masks),
    )


def _newest(masks: Mapping[int, int]) -> datetime | None:
    hours = [hour for hour, mask in masks.items() if mask]
    if not hours:
        return None
    newest = max(hours)
    return hour_start(newest) + timedelta(minutes=masks[newest].bit_length() - 1)
