"""How often something is measured: durations and cron expressions as cadences. Pure, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from croniter import croniter
from croniter.croniter import CroniterError

from integration_monitor.manifest.domain import Cadence
from integration_monitor.manifest.quantities import parse_duration, quoted

SLACK = timedelta(seconds=30)
"""What a tick, a launch and a measurement may take before a verdict counts as stale."""

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_FIELD = r"[0-9A-Za-z*/,#-]+"
_CRON = re.compile(rf"{_FIELD}(?: +{_FIELD}){{4}}", re.ASCII)
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)

_HINT = (
    "write 1m, 2m, 3m, 4m, 5m, 6m, 10m, 12m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d "
    'or a cron expression in UTC such as "*/15 8-18 * * *"'
)


def parse_every(value: object) -> Cadence:
    """A divisor of an hour or a day (`15m`, `4h`), or a cron expression. Raises `ValueError`."""
    if isinstance(value, str) and len(value.split()) > 1:
        return parse_cron(value)
    try:
        every = parse_duration(value)
    except ValueError:
        raise ValueError(f"{quoted(value)} is not a cadence: {_HINT}") from None
    if every < _MINUTE:
        raise ValueError(f"{quoted(value)} is shorter than a minute: {_HINT}")
    cron = _cron_of(every)
    if cron is None:
        raise ValueError(f"{quoted(value)} does not divide an hour or a day: {_HINT}")
    return Cadence(cron=cron, text=str(value), period=every)


def parse_cron(value: object) -> Cadence:
    """A cron expression of five fields, in UTC. Raises `ValueError`."""
    if not isinstance(value, str) or not _CRON.fullmatch(value.strip()):
        raise ValueError(
            f"{quoted(value)} is not a cron expression of five fields, such as */15 8-18 * * *"
        )
    cron = " ".join(value.split())
    try:
        return Cadence(cron=cron, text=cron, period=_longest_gap(cron))
    except (CroniterError, ValueError):
        raise ValueError(f"{quoted(value)} is not a cron expression that ever ticks") from None


def next_tick(cadence: Cadence, at: datetime) -> datetime:
    """The first tick after `at`, in UTC. `at` carries a time zone."""
    return _ticks(cadence.cron, at)[0]


def valid_until(cadence: Cadence, at: datetime) -> datetime:
    """Until when a verdict from `at` counts: the second tick after it, and 30 s of slack.

    `at` carries a time zone; the result is in UTC. Raises `ValueError` for a naive time.
    """
    return _ticks(cadence.cron, at)[1] + SLACK


def _ticks(cron: str, at: datetime) -> tuple[datetime, datetime]:
    if at.tzinfo is None:
        raise ValueError("the time has no time zone")
    ticks = croniter(cron, at.astimezone(UTC))
    return ticks.get_next(datetime), ticks.get_next(datetime)


def _cron_of(every: timedelta) -> str | None:
    if every == _MINUTE:
        return "* * * * *"
    if every < _HOUR and not _HOUR % every and not every % _MINUTE:
        return f"*/{every // _MINUTE} * * * *"
    if every == _HOUR:
        return "0 * * * *"
    if every < _DAY and not _DAY % every and not every % _HOUR:
        return f"0 */{every // _HOUR} * * *"
    return "0 0 * * *" if every == _DAY else None


@lru_cache(maxsize=1024)
def _longest_gap(cron: str) -> timedelta:
    """The longest time between two ticks within a week of the first one after a fixed Monday."""
    ticks = croniter(cron, _MONDAY)
    first: datetime = ticks.get_next(datetime)
    before, longest = first, timedelta(0)
    while before < first + _WEEK:
        tick = ticks.get_next(datetime)
        before, longest = tick, max(longest, tick - before)
    return longest
