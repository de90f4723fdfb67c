"""What follows from an attempt to deliver an event. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

FIRST = timedelta(seconds=1)
LONGEST = timedelta(minutes=10)
LONGEST_ASKED = timedelta(hours=1)
REFUSALS = 5
"""Attempts after which an event that a sink cannot read is given up."""

Kind = Literal["trouble", "refused", "never"]


@dataclass(frozen=True)
class Failure:
    """Why a sink did not take an event."""

    kind: Kind
    """`trouble`: it may take it later; `refused`: it has something against this very event;
    `never`: it said that it wants no more."""
    why: str
    """For people; holds no secret, no address and no value."""
    retry_after: timedelta | None = None
    """What the sink asked for."""


def next_attempt(
    failure: Failure,
    *,
    attempts: int,
    waiting_since: datetime,
    retry_for: timedelta,
    now: datetime,
    drawn: float,
) -> datetime | None:
    """When an event is tried again that failed so many times; None where it is given up.

    Waits grow from 1 s to 10 min, each drawn evenly from zero on (`drawn`, 0 to 1), so that events
    which failed together do not come back together. No wait is shorter than what the sink asked
    for, up to an hour, and none ends later than `retry_for` after the event began to wait.
    """
    if failure.kind == "never" or now - waiting_since >= retry_for:
        return None
    if failure.kind == "refused" and attempts >= REFUSALS:
        return None
    doublings: int = 2 ** min(attempts - 1, 20)
    wait = drawn * min(LONGEST, FIRST * doublings)
    asked = min(LONGEST_ASKED, failure.retry_after or timedelta(0))
    return min(now + max(wait, asked), max(now, waiting_since + retry_for))
