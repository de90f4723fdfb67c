"""What a partner says of its limits, in the standard headers and in its own. Pure.

Malformed fields are ignored. Reading costs some microseconds where there is something to read:
who is told the same limits with each answer need not read all of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from integration_monitor.ingest.rate_limit import LATEST_S, Limit, count_of, policy_name, time_of
from integration_monitor.ingest.standard_rate_limits import STANDARD_NAMES, standard_limits
from integration_monitor.manifest.calls import RateLimitHeaders, ResetUnit
from integration_monitor.manifest.rate_limit_presets import PRESETS
from integration_monitor.observe.retry_after import response_date
from integration_monitor.store.call_batch import RateLimit

_THREE = frozenset({"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"})
_LONGEST = 1000
_MOST_POLICIES = 16
_USED = re.compile(r"(?:^|[=\s])([0-9]{1,15})/([0-9]{1,15})(?=$|[\s;,(])", re.ASCII)


class LimitReader:
    """Reads the limits of one partner. May be shared by threads."""

    def __init__(self, rules: str | Mapping[str, RateLimitHeaders] | None = None) -> None:
        """`rules` are those of `calls: {rate_limit_headers: …}`."""
        policies = PRESETS.get(rules, {}) if isinstance(rules, str) else rules or {}
        self._policies = tuple(policies.items())
        own = frozenset(name for headers in policies.values() for name in _names(headers))
        self._reads_three = not own & _THREE
        self.names = own | STANDARD_NAMES
        """The headers it reads, in lower case."""

    def read(self, headers: Mapping[str, str], now: datetime) -> tuple[Limit, ...]:
        """The limits that the headers tell; nothing where none of `names` is there.

        `headers` is case-insensitive, or has its names in lower case. Moments are measured against
        the answer's own `Date`, or `now` without one.
        """
        if self.names.isdisjoint(headers):
            return ()
        at = response_date(headers) or now
        found = [_by_vendor(headers, name, rule, at) for name, rule in self._policies]
        limits = [limit for limit in found if limit is not None]
        limits.extend(standard_limits(headers, three=self._reads_three))
        return tuple(limits[:_MOST_POLICIES])


def as_seen(limit: Limit, integration: str, tenant: str, seen_at: datetime) -> RateLimit:
    """What was read, as it is stored."""
    after = limit.reset_after_s
    return RateLimit(
        integration=integration,
        tenant=tenant,
        policy=limit.policy,
        limit=limit.limit,
        remaining=limit.remaining,
        reset_at=seen_at + timedelta(seconds=after) if after is not None else None,
        window_s=limit.window_s,
        seen_at=seen_at,
    )


def tightest(limits: Iterable[Limit], retry_after_s: float | None = None) -> Mapping[str, str]:
    """`ratelimit-limit`, `-remaining` and `-reset` of the limit with the least room.

    `retry_after_s` is the hint of an answer that turned a call away: it takes precedence over the
    reset, and without any limit it stands for one that is used up.
    """
    known = [limit for limit in limits if limit.remaining is not None]
    found = min(known, key=_room, default=None)
    reset = retry_after_s if retry_after_s is not None else found.reset_after_s if found else None
    remaining = found.remaining if found else 0 if retry_after_s is not None else None
    values = {
        "ratelimit-limit": found.limit if found else None,
        "ratelimit-remaining": remaining,
        "ratelimit-reset": math.ceil(reset) if reset is not None else None,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def _room(limit: Limit) -> tuple[float, int, float]:
    """What is left: its share, or its number where the limit is not told; the longer wait first."""
    remaining = limit.remaining or 0
    share = remaining / limit.limit if limit.limit else math.inf if remaining else 0.0
    return share, remaining, -(limit.reset_after_s or 0.0)


def _names(rule: RateLimitHeaders) -> list[str]:
    names = (rule.limit, rule.remaining, rule.used, rule.reset, rule.window_ms)
    return [name.lower() for name in names if name]


def _by_vendor(
    headers: Mapping[str, str], name: str, rule: RateLimitHeaders, at: datetime
) -> Limit | None:
    limit, remaining = (
        count_of(_told(headers, rule.limit)),
        count_of(_told(headers, rule.remaining)),
    )
    if rule.used:
        limit, remaining = _of_used(_told(headers, rule.used))
    if limit is None and remaining is None:
        return None
    milliseconds = time_of(_told(headers, rule.window_ms))
    window = rule.window.total_seconds() if rule.window else None
    return Limit(
        policy=policy_name(_told(headers, rule.policy)) or name,
        limit=limit,
        remaining=remaining,
        reset_after_s=_reset(time_of(_told(headers, rule.reset)), rule.reset_unit, at),
        window_s=milliseconds / 1000 if milliseconds else window,
    )


def _told(headers: Mapping[str, str], name: str | None) -> str:
    return headers.get(name.lower(), "") if name else ""


def _of_used(text: str) -> tuple[int | None, int | None]:
    """`32/40` and `api-usage=18/5000`: the limit, and what is left of it."""
    found = _USED.search(text[:_LONGEST])
    if not found:
        return None, None
    used, limit = int(found[1]), int(found[2])
    return limit, max(0, limit - used)


def _reset(value: float | None, unit: ResetUnit, at: datetime) -> float | None:
    if value is None:
        return None
    seconds = value / 1000 if unit in ("delta_ms", "epoch_ms") else value
    after = seconds - at.timestamp() if unit in ("epoch_s", "epoch_ms") else seconds
    return max(0.0, after) if after <= LATEST_S else None
