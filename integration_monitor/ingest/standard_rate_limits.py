"""The `RateLimit` headers of draft-ietf-httpapi-ratelimit-headers, in its three generations. Pure.

Up to -06 three headers with the reset in seconds; -07 one dictionary; from -08 a list of policies
with what is left of them, and another of their quotas.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import http_sf

from integration_monitor.ingest.rate_limit import LATEST_S, Limit, count_of, policy_name, time_of

DEFAULT_POLICY = "default"
"""The name of a policy that has none."""
STANDARD_NAMES = frozenset(
    {
        "ratelimit",
        "ratelimit-policy",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
    }
)
_LONGEST = 1000

Quotas = Mapping[str | int, tuple[int, float | None]]
"""Quota and window by a policy's name; up to -07 a policy had no name but its quota."""


def standard_limits(headers: Mapping[str, str], *, three: bool = True) -> list[Limit]:
    """The limits that the standard headers tell. `three` may leave the oldest generation out."""
    quotas = _quotas(headers.get("ratelimit-policy", ""))
    told = headers.get("ratelimit", "")
    found = (_from_list(told, quotas) or _from_dictionary(told, quotas)) if told else []
    return found or (_from_three(headers, quotas) if three else [])


def _from_list(text: str, quotas: Quotas) -> list[Limit]:
    limits = []
    for name, parameters in _list(text):
        remaining = _whole(parameters.get("r"))
        policy = policy_name(str(name)) if isinstance(name, str | http_sf.Token) else ""
        if remaining is not None and policy:
            limit, window = quotas.get(policy, (None, None))
            after = _seconds(parameters.get("t"))
            limits.append(Limit(policy, limit, remaining, after, window))
    return limits


def _from_dictionary(text: str, quotas: Quotas) -> list[Limit]:
    fields = _dictionary(text)
    limit, remaining = _whole(fields.get("limit")), _whole(fields.get("remaining"))
    if remaining is None:
        return []
    after = _seconds(fields.get("reset"))
    return [Limit(DEFAULT_POLICY, limit, remaining, after, _window(limit, quotas))]


def _from_three(headers: Mapping[str, str], quotas: Quotas) -> list[Limit]:
    # The limit may be followed by the policies it comes from: `10, 10;w=1, 50;w=60`.
    told = headers.get("ratelimit-limit", "")
    own = _quotas(told) if ";" in told else quotas
    limit = count_of(told.partition(",")[0].partition(";")[0])
    remaining = count_of(headers.get("ratelimit-remaining", ""))
    if limit is None and remaining is None:
        return []
    after = _seconds(time_of(headers.get("ratelimit-reset", "")))
    return [Limit(DEFAULT_POLICY, limit, remaining, after, _window(limit, own))]


def _window(limit: int | None, quotas: Quotas) -> float | None:
    return quotas[limit][1] if limit is not None and limit in quotas else None


@lru_cache(maxsize=256)
def _quotas(text: str) -> Quotas:
    found: dict[str | int, tuple[int, float | None]] = {}
    for name, parameters in _list(text):
        quota = _whole(parameters.get("q", name))
        if quota is not None:
            key = quota if isinstance(name, int) else str(name)
            found[key] = (quota, _seconds(parameters.get("w")))
    return found


def _list(text: str) -> list[tuple[object, Mapping[str, object]]]:
    """The items of a structured list with their parameters; nothing where it is malformed."""
    parsed = _parsed(text, "list")
    return [item for item in parsed if isinstance(item, tuple)] if isinstance(parsed, list) else []


def _dictionary(text: str) -> Mapping[str, object]:
    parsed = _parsed(text, "dictionary")
    return {name: item[0] for name, item in parsed.items()} if isinstance(parsed, dict) else {}


def _parsed(text: str, kind: str) -> object:
    if not text or len(text) > _LONGEST:
        return None
    try:
        return http_sf.parse(text.encode(), tltype=kind)
    except ValueError:
        return None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _seconds(value: object) -> float | None:
    """A number of seconds, where it is not absurd."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= LATEST_S else None
