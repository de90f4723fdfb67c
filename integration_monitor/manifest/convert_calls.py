"""The wire models of calls → their domain objects. What is left out takes the domain's default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from integration_monitor.manifest import calls, wire_calls
from integration_monitor.manifest.given import given
from integration_monitor.manifest.wire_types import Wire

Rules = TypeVar("Rules")


def call_rules(read: wire_calls.Calls) -> calls.CallRules:
    """The rules of `calls:`."""
    plain = given(read, "window", "minimum", "samples_per_minute")
    return calls.CallRules(
        **plain,
        errors=_rules(calls.ErrorRules, read.errors),
        latency=_rules(calls.LatencyRules, read.latency),
        tenants=_rules(calls.TenantRules, read.tenants),
        rate_limits=_rules(calls.RateLimitRules, read.rate_limits),
        rate_limit_headers=_headers(read.rate_limit_headers),
        deprecation=_rules(calls.DeprecationRules, read.deprecation),
        retry=_rules(calls.RetryRules, read.retry),
    )


def error_in_200(read: wire_calls.ErrorIn200 | None) -> calls.ErrorIn200 | None:
    """Where an answer that says 200 tells an error."""
    return calls.ErrorIn200(read.path, read.code, read.classes) if read is not None else None


def _headers(read: object) -> str | Mapping[str, calls.RateLimitHeaders] | None:
    if isinstance(read, str):
        return read
    if not isinstance(read, Mapping) or not read:
        return None
    return {name: _rules(calls.RateLimitHeaders, headers) for name, headers in read.items()}


def _rules(kind: type[Rules], read: Wire) -> Rules:
    return kind(**given(read, *type(read).model_fields))
