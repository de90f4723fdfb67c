"""The wire models of calls: what is promised of them, and in which headers limits are told."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidatorFunctionWrapHandler, WrapValidator

from integration_monitor.manifest.calls import CallOutcome, RateLimited, ResetUnit
from integration_monitor.manifest.problems import nearest
from integration_monitor.manifest.quantities import quoted
from integration_monitor.manifest.rate_limit_presets import PRESETS
from integration_monitor.manifest.wire_types import (
    Duration,
    HeaderName,
    Minutes,
    Name,
    PositiveDuration,
    Preset,
    Ratio,
    Text,
    Wire,
)


class ErrorRules(Wire):
    """Shares of failed calls, per endpoint."""

    warn: Ratio | None = None
    """The share that is a warning (2%)."""
    fail: Ratio | None = None
    """The share that is a failure (5%)."""
    lasting: Duration | None = Field(default=None, alias="for")
    """How long the share is over before it is told (5m)."""
    burst: int | None = Field(default=None, ge=1)
    """So many errors of one class within `burst_within` are told at once (10)."""
    burst_within: Minutes | None = None
    """The time of a burst (5m)."""
    rise: float | None = Field(default=None, gt=1)
    """So many times the share of the hour before is told (4)."""
    rise_within: Minutes | None = None
    """The time over which a rise is seen (15m)."""


class LatencyRules(Wire):
    """Beside the budgets of the endpoints."""

    lasting: Duration | None = Field(default=None, alias="for")
    """How long a percentile is over its budget before it is told (5m)."""
    at_risk: Ratio | None = None
    """The share of a budget from which an endpoint is at risk (80%)."""


class TenantRules(Wire):
    """One customer whose calls fail while the others' do not."""

    fail: Ratio | None = None
    """The share of failed calls from which a tenant is broken (50%)."""
    minimum: int | None = Field(default=None, ge=1)
    """Calls of a tenant below which nothing is said about it (5)."""
    lasting: Duration | None = Field(default=None, alias="for")
    """How long it fails before it is told (5m)."""


class RateLimitRules(Wire):
    warn: Ratio | None = None
    """The share of calls turned away that is a warning (1%)."""
    fail: Ratio | None = None
    """The share of calls turned away that is a failure (10%)."""
    headroom: Ratio | None = None
    """The share of a limit that should be left (10%)."""


class RateLimitHeaders(Wire):
    """One policy; it needs `remaining` or `used`."""

    limit: HeaderName | None = None
    """The header with the limit."""
    remaining: HeaderName | None = None
    """The header with what is left of it."""
    used: HeaderName | None = None
    """A header with `used/limit`, such as `32/40`, instead of both."""
    reset: HeaderName | None = None
    """The header that tells when it starts anew."""
    reset_unit: ResetUnit | None = None
    """Whether `reset` is a time from now or since 1970, in seconds or milliseconds."""
    window: PositiveDuration | None = None
    """The time the limit is for."""
    window_ms: HeaderName | None = None
    """The header with that time in milliseconds."""
    policy: HeaderName | None = None
    """The header that names the policy, where one set of headers speaks for several."""


class DeprecationRules(Wire):
    ticket: PositiveDuration | None = None
    """What ends sooner than this is a ticket (90d)."""
    page: PositiveDuration | None = None
    """What ends sooner than this is a page (14d)."""
    withdrawn_after: PositiveDuration | None = None
    """How long no answer repeats a notice before it counts as withdrawn (7d)."""


class RetryRules(Wire):
    """Retries of idempotent requests by the monitored transport."""

    attempts: int | None = Field(default=None, ge=1, le=20)
    """Calls at most, the first one included (3)."""
    wait_budget: Duration | None = None
    """The longest time spent waiting within one call (10s)."""
    base: PositiveDuration | None = None
    """The first wait is up to this, each next one up to twice as long (500ms)."""
    rate_limited: RateLimited | None = None
    """`pass_on`: a 429 goes to the caller with normalized headers, instead of being tried again."""


def _preset_or_policies(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """The name of a preset as it is, policies as their models."""
    if not isinstance(value, str):
        return read(value)
    if value not in PRESETS:
        raise ValueError(
            f"no preset {quoted(value)}{nearest(value, PRESETS) or ';'} "
            f"presets: {', '.join(PRESETS)}; or write the policies as a mapping"
        )
    return value


Limits = Annotated[
    dict[Name, RateLimitHeaders],
    WrapValidator(
        _preset_or_policies, json_schema_input_type=Preset | dict[Name, RateLimitHeaders]
    ),
]


class Calls(Wire):
    """What is watched of calls to the partner."""

    window: Minutes | None = None
    """The time over which shares and percentiles are formed (15m)."""
    minimum: int | None = Field(default=None, ge=1)
    """Calls in the window below which only a burst is told, or that none of 3 worked (20)."""
    errors: ErrorRules = ErrorRules()
    """From when errors are told."""
    latency: LatencyRules = LatencyRules()
    """From when slowness is told."""
    tenants: TenantRules = TenantRules()
    """From when a tenant is broken."""
    rate_limits: RateLimitRules = RateLimitRules()
    """From when limits are near."""
    rate_limit_headers: Limits = Field(default_factory=dict)
    """A preset's name, or policies by name; left out: the standard headers alone."""
    deprecation: DeprecationRules = DeprecationRules()
    """From when an end that was announced is urgent."""
    retry: RetryRules = RetryRules()
    """How the monitored transport tries again."""
    samples_per_minute: int | None = Field(default=None, ge=0, le=1000)
    """Answers per endpoint and minute whose fields are looked at (5); 0: none."""


class ErrorIn200(Wire):
    """An error inside a successful answer; text alone stands for `path`."""

    path: Text
    """JMESPath: something there is an error; null, false, 0 and what is empty is none."""
    code: Text | None = None
    """JMESPath of the error's code, or codes; left out: `path` leads to it."""
    classes: dict[str, CallOutcome] = Field(default_factory=dict)
    """The error's code to its class, or `ok`; another is what it means everywhere, or
    `bad_response`."""


def _path_alone(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


ErrorIn200OrPath = Annotated[
    ErrorIn200, BeforeValidator(_path_alone, json_schema_input_type=Text | ErrorIn200)
]
