"""When our receiver could take nothing of an integration, and said so with 503. Pure.

The partner sent, and we had no ears: our secret was not set, our manifest was broken, our queue was
full. Such time is no more the partner's silence than time in which no receiver ran.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

APART_S = 3600.0
"""Requests that were turned away further apart than this are two stretches."""
_MINUTE_S = 60.0


@dataclass(frozen=True)
class Stretch:
    """From the first to the last request that was turned away, with nothing stored in between."""

    since: datetime
    until: datetime


@dataclass(frozen=True, eq=False)
class TurnedAway:
    """The requests that were answered 503, a minute each, by time; seconds since 1970."""

    first: Floats
    last: Floats


@dataclass(frozen=True, eq=False)
class Stored:
    """What was stored in the same hours: of each stream and hour, in seconds since 1970."""

    first: Floats
    """The first event."""
    last: Floats
    """The last one."""
    longest: Floats
    """Seconds of the longest gap in between; 0: not known, so that none is assumed."""


NOTHING = Stored(*(np.empty(0) for _ in range(3)))


def stretches(turned: TurnedAway, stored: Stored) -> Sequence[Stretch]:
    """The stretches in which nothing of the integration was taken, by time."""
    events = np.sort(np.concatenate([stored.first, stored.last]))
    before = np.searchsorted(events, turned.first)
    # Minutes in which something was stored in between tell nothing.
    alone = before == np.searchsorted(events, turned.last)
    first, last, before = turned.first[alone], turned.last[alone], before[alone]
    if not len(first):
        return ()
    breaks = np.flatnonzero((first[1:] - last[:-1] > APART_S) | (before[1:] != before[:-1])) + 1
    starts, ends = first[np.concatenate(([0], breaks))], last[np.concatenate((breaks - 1, [-1]))]
    ordered = _by_first(stored)
    return [
        Stretch(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        if not _was_taken(ordered, start, end)
    ]


def _by_first(stored: Stored) -> Stored:
    order = np.argsort(stored.first, kind="stable")
    return Stored(stored.first[order], stored.last[order], stored.longest[order])


def _was_taken(stored: Stored, start: float, end: float) -> bool:
    """Whether some stream had events before and after, and no gap that is long enough for it."""
    hour = start // 3600 * 3600
    rows = slice(*np.searchsorted(stored.first, (hour, start)).tolist())
    gap = max(end - start, _MINUTE_S)
    return bool(((stored.last[rows] > end) & (stored.longest[rows] < gap)).any())
