"""Which hour is lived through before the demo begins, and in which steps."""

from __future__ import annotations

from datetime import datetime, timedelta

LENGTH = timedelta(hours=1)
STEP = timedelta(minutes=5)


def beginning(now: datetime) -> datetime:
    """When the company begins to live."""
    return times(now)[0] - STEP


def times(now: datetime) -> list[datetime]:
    """When it is measured: every five minutes of the hour that ends with the last whole minute."""
    last = now.replace(second=0, microsecond=0)
    steps = int(LENGTH / STEP)
    return [last - STEP * back for back in range(steps, -1, -1)]
