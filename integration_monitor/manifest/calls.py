"""What is promised of calls to a partner, and how they are made: the rules of `calls:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

ErrorClass = Literal[
    "network", "timeout", "rate_limited", "quota_exhausted", "auth_expired", "needs_reauth",
    "scope_missing", "permission", "our_config", "bad_request", "not_found", "conflict", "server",
    "bad_response",
]  # fmt: skip
"""How a call may fail, whoever the partner is."""
CallOutcome = Literal["ok", ErrorClass]
RateLimited = Literal["retry", "pass_on"]
ResetUnit = Literal["delta_s", "delta_ms", "epoch_s", "epoch_ms"]


@dataclass(frozen=True)
class ErrorRules:
    """Shares are of calls, per endpoint."""

    warn: float = 0.02
    fail: float = 0.05
    lasting: timedelta = timedelta(minutes=5)
    """`for`: how long the share is over before it is told."""
    burst: int = 10
    """So many errors of one class within `burst_within` are told without waiting."""
    burst_within: timedelta = timedelta(minutes=5)
    rise: float = 4.0
    """So many times the share of the hour before, within `rise_within`, is told."""
    rise_within: timedelta = timedelta(minutes=15)


@dataclass(frozen=True)
class LatencyRules:
    """Beside the budgets of the endpoints."""

    lasting: timedelta = timedelta(minutes=5)
    at_risk: float = 0.8
    """The share of a budget from which an endpoint is at risk."""


@dataclass(frozen=True)
class TenantRules:
    fail: float = 0.5
    """The share of failed calls from which a tenant is broken."""
    minimum: int = 5
    """Calls of a tenant below which nothing is said about it."""
    lasting: timedelta = timedelta(minutes=5)


@dataclass(frozen=True)
class RateLimitRules:
    warn: float = 0.01
    """The share of calls that were turned away (429)."""
    fail: float = 0.1
    headroom: float = 0.1
    """The share of a limit that should be left."""


@dataclass(frozen=True)
class DeprecationRules:
    ticket: timedelta = timedelta(days=90)
    """What ends sooner than this is a ticket."""
    page: timedelta = timedelta(days=14)
    withdrawn_after: timedelta = timedelta(days=7)
    """So long an endpoint answers without a notice before that counts as withdrawn; so long it is
    not called at all before its end is nobody's concern any more."""


@dataclass(frozen=True)
class RetryRules:
    """Retries of idempotent requests by the transport."""

    attempts: int = 3
    """Calls at most, the first one included."""
    wait_budget: timedelta = timedelta(seconds=10)
    """The longest time spent waiting within one call."""
    base: timedelta = timedelta(milliseconds=500)
    """The first wait is up to this; each next one up to twice as long."""
    rate_limited: RateLimited = "retry"
    """`pass_on`: a 429 goes to the caller with normalized `ratelimit-*` headers."""


@dataclass(frozen=True)
class RateLimitHeaders:
    """In which headers a partner says its limits, as names in lower case."""

    limit: str | None = None
    remaining: str | None = None
    used: str | None = None
    """`used/limit` in one header."""
    reset: str | None = None
    reset_unit: ResetUnit = "delta_s"
    window: timedelta | None = None
    window_ms: str | None = None
    """The header that tells the window in milliseconds; `window` where it does not come."""
    policy: str | None = None
    """The header that names the policy, where one set of headers speaks for several."""


@dataclass(frozen=True)
class ErrorIn200:
    """An error inside a successful answer. Paths are JMESPath expressions into its body."""

    path: str
    """Something there is an error; null, false, 0 and what is empty is none."""
    code: str | None = None
    """Where the error's code stands; None: `path` leads to it."""
    classes: Mapping[str, CallOutcome] = field(default_factory=dict)
    """The error's code to a class of the taxonomy, or `ok`. Another code is what it means
    everywhere, such as `THROTTLED`, or else `bad_response`."""


@dataclass(frozen=True)
class CallRules:
    """What is watched of an integration's calls."""

    window: timedelta = timedelta(minutes=15)
    """The time over which shares and percentiles are formed."""
    minimum: int = 20
    """Calls in the window below which nothing is said about an endpoint, but that it bursts with
    errors, or that none of 3 calls or more worked."""
    errors: ErrorRules = ErrorRules()
    latency: LatencyRules = LatencyRules()
    tenants: TenantRules = TenantRules()
    rate_limits: RateLimitRules = RateLimitRules()
    rate_limit_headers: str | Mapping[str, RateLimitHeaders] | None = None
    """A preset's name, or policies by name; None: the standard headers alone."""
    deprecation: DeprecationRules = DeprecationRules()
    retry: RetryRules = RetryRules()
    samples_per_minute: int = 5
    """Answers per endpoint and minute whose fields are looked at; 0: none."""
