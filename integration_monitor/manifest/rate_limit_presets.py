"""In which headers well-known partners say their limits: data, with the unit of each reset.

From the vendors' documentation of their rate limits, as it was in 2026. The unit is declared, never
guessed: a reset of 60 is a minute here and a minute of 1970 there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from integration_monitor.manifest.calls import RateLimitHeaders

_SECOND, _MINUTE, _HOUR, _DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86_400))

PRESETS: Mapping[str, Mapping[str, RateLimitHeaders]] = {
    "github": {
        "core": RateLimitHeaders(
            limit="x-ratelimit-limit",
            remaining="x-ratelimit-remaining",
            reset="x-ratelimit-reset",
            reset_unit="epoch_s",
            policy="x-ratelimit-resource",
        )
    },
    "hubspot": {
        "burst": RateLimitHeaders(
            limit="x-hubspot-ratelimit-max",
            remaining="x-hubspot-ratelimit-remaining",
            window_ms="x-hubspot-ratelimit-interval-milliseconds",
        ),
        "daily": RateLimitHeaders(
            limit="x-hubspot-ratelimit-daily",
            remaining="x-hubspot-ratelimit-daily-remaining",
            window=_DAY,
        ),
    },
    "intercom": {
        "app": RateLimitHeaders(
            limit="x-ratelimit-limit",
            remaining="x-ratelimit-remaining",
            reset="x-ratelimit-reset",
            reset_unit="epoch_s",
            window=10 * _SECOND,
        )
    },
    "linear": {
        "requests": RateLimitHeaders(
            limit="x-ratelimit-requests-limit",
            remaining="x-ratelimit-requests-remaining",
            reset="x-ratelimit-requests-reset",
            reset_unit="epoch_ms",
            window=_HOUR,
        ),
        "complexity": RateLimitHeaders(
            limit="x-ratelimit-complexity-limit",
            remaining="x-ratelimit-complexity-remaining",
            reset="x-ratelimit-complexity-reset",
            reset_unit="epoch_ms",
            window=_HOUR,
        ),
    },
    "salesforce": {"daily": RateLimitHeaders(used="sforce-limit-info", window=_DAY)},
    "shopify": {"bucket": RateLimitHeaders(used="x-shopify-shop-api-call-limit")},
    # 429 and Retry-After are all it says, and those are read of every partner.
    "slack": {},
    "xero": {
        "minute": RateLimitHeaders(remaining="x-minlimit-remaining", window=_MINUTE),
        "app_minute": RateLimitHeaders(remaining="x-appminlimit-remaining", window=_MINUTE),
        "day": RateLimitHeaders(remaining="x-daylimit-remaining", window=_DAY),
    },
    "zendesk": {
        "minute": RateLimitHeaders(
            limit="x-rate-limit",
            remaining="x-rate-limit-remaining",
            reset="ratelimit-reset",
            reset_unit="delta_s",
            window=_MINUTE,
        )
    },
}
"""By the name a manifest gives, the policies by their names. Header names are in lower case."""
