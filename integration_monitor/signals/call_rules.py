"""Over a limit, for long enough, on enough calls: what all families of calls share. Pure.

A share is over for `lasting` when it is over in the whole window **and** in each half of the last
`lasting`. The window keeps a blip from counting, the older half says that it has gone on, the newer
half that it still does. Where a half has too few calls to say anything, both are taken as one;
where that has too few too, the window decides alone: an endpoint with few calls is not left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from integration_monitor.manifest.calls import CallRules
from integration_monitor.manifest.domain import Latency
from integration_monitor.signals.call_facts import EndpointCalls, Stretches

FEWEST = 3
"""Calls that have to go wrong before a share means anything (Google SRE workbook, chapter 5, on
low traffic): one failed call of twenty is five percent."""
ENOUGH = 5
"""Calls from which half of `lasting` says something by itself."""
LATENESS = timedelta(seconds=20)
"""How late counts arrive: two flushes of the transport. A minute is judged once it is that old."""
HISTORY = timedelta(hours=1)
"""How far before `rise_within` shares are compared with."""
QUANTILES: Mapping[str, float] = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
_MINUTE = timedelta(minutes=1)


def over(bad: Stretches, of: Stretches, limit: float, *, strictly: bool = False) -> bool:
    """Whether the share has reached (`strictly`: exceeds) the limit, and for long enough."""

    def reached(part: int, whole: int) -> bool:
        share = part / whole if whole else 0.0
        return share > limit if strictly else share >= limit

    if bad.window < FEWEST or not reached(bad.window, of.window):
        return False
    if min(of.older, of.newer) >= ENOUGH:
        return reached(bad.older, of.older) and reached(bad.newer, of.newer)
    return of.lasting < ENOUGH or reached(bad.lasting, of.lasting)


def fails(calls: EndpointCalls, rules: CallRules) -> bool:
    """Whether the share of an endpoint's failed calls is at `fail`, for long enough."""
    enough = calls.calls.window >= rules.minimum
    return enough and over(calls.failed, calls.calls, rules.errors.fail)


def end_of(now: datetime) -> datetime:
    """Up to when calls are judged: the end of the newest minute that had time to arrive."""
    at = now - LATENESS
    return at.replace(second=0, microsecond=0) + _MINUTE


@dataclass(frozen=True)
class Halves:
    """When the two halves of a `lasting` begin, in whole minutes."""

    older: datetime
    newer: datetime


def halves(end: datetime, lasting: timedelta) -> Halves:
    """The newer half is the longer one: its last minute may not be over yet."""
    minutes = max(round(lasting / _MINUTE), 0)
    return Halves(end - minutes * _MINUTE, end - (minutes + 1) // 2 * _MINUTE)


def window_start(end: datetime, rules: CallRules) -> datetime:
    """The window's first minute."""
    return end - max(rules.window, _MINUTE)


@cache
def budgets(latency: Latency) -> Mapping[str, tuple[float, timedelta]]:
    """The budgets that are given, by name: the quantile and its limit."""
    limits = {"p50": latency.p50, "p95": latency.p95, "p99": latency.p99}
    return {name: (QUANTILES[name], each) for name, each in limits.items() if each is not None}
