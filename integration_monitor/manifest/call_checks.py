"""Checks of endpoints and of `calls:` that need more than one key. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from integration_monitor.manifest.calls import DeprecationRules, ErrorRules, RateLimitRules
from integration_monitor.manifest.jmespath_checks import check_jmespath
from integration_monitor.manifest.problems import Problem, mapping
from integration_monitor.manifest.quantities import parse_duration, parse_ratio
from integration_monitor.manifest.yaml_document import Path

OTHER = "other"
"""What calls are called whose path no endpoint has."""
OWN_SUBJECTS = ("api", "webhooks", "connection")
"""What has verdicts of its own beside the syncs of an integration."""
_PERCENTILES = ("p50", "p95", "p99")
_PLACE = re.compile(r"\{([^{}]*)\}")


def check_calls(value: Mapping[str, Any]) -> Iterator[Problem]:
    """All mistakes between the keys of `calls:` and of the endpoints."""
    calls = mapping(value.get("calls"))
    for name, rules in (("errors", ErrorRules()), ("rate_limits", RateLimitRules())):
        yield from _check_shares(mapping(calls.get(name)), ("calls", name), rules)
    yield from _check_days(mapping(calls.get("deprecation")), ("calls", "deprecation"))
    policies = mapping(calls.get("rate_limit_headers"))
    for name, policy in policies.items():
        yield from _check_policy(mapping(policy), ("calls", "rate_limit_headers", name))
    yield from _check_endpoints(mapping(value.get("endpoints")))


def check_sync_name(name: str, path: Path) -> Iterator[Problem]:
    """A sync is not called like what an integration has beside its syncs."""
    if name in OWN_SUBJECTS:
        own = ", ".join(OWN_SUBJECTS)
        yield Problem(path, f"no sync can be called `{name}`: {own} have checks of their own", True)


def _check_shares(
    rules: Mapping[str, Any], path: Path, defaults: ErrorRules | RateLimitRules
) -> Iterator[Problem]:
    """A warning comes before the failure, also where only one of them is written."""
    try:
        warn = parse_ratio(rules.get("warn", defaults.warn))
        fail = parse_ratio(rules.get("fail", defaults.fail))
    except ValueError:
        return
    if warn > fail:
        key = "warn" if "warn" in rules else "fail"
        yield Problem(
            (*path, key), f"`warn` ({100 * warn:g}%) is more than `fail` ({100 * fail:g}%)"
        )


def _check_days(rules: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    default = DeprecationRules()
    try:
        ticket = parse_duration(rules["ticket"]) if "ticket" in rules else default.ticket
        page = parse_duration(rules["page"]) if "page" in rules else default.page
    except ValueError:
        return
    if page > ticket:
        key = "page" if "page" in rules else "ticket"
        yield Problem((*path, key), "`page` must not be longer than `ticket`")


def _check_policy(policy: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if not policy:
        return
    if policy.get("remaining") is None and policy.get("used") is None:
        yield Problem(path, "a policy needs `remaining`, or `used`", of_key=True)
    for name in ("limit", "remaining"):
        if policy.get("used") is not None and policy.get(name) is not None:
            yield Problem((*path, name), f"`{name}` and `used` exclude each other", of_key=True)
    if policy.get("reset") is not None and policy.get("reset_unit") is None:
        message = "`reset_unit` is missing: one of delta_s, delta_ms, epoch_s, epoch_ms"
        yield Problem((*path, "reset"), message, of_key=True)


def _check_endpoints(endpoints: Mapping[str, Any]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, endpoint in endpoints.items():
        path: Path = ("endpoints", name)
        if name == OTHER:
            yield Problem(path, f"`{OTHER}` stands for calls that no endpoint has", of_key=True)
        yield from _check_endpoint(mapping(endpoint), path)
        template = _template(mapping(endpoint).get("path"))
        if template in seen:
            message = f"`path`: the same as that of `{seen[template]}`: calls could be of either"
            yield Problem((*path, "path"), message)
        elif template:
            seen[template] = str(name)


def _template(path: object) -> str:
    """A path in which only the names of placeholders are left out."""
    return _PLACE.sub("{}", path.partition("?")[0].rstrip("/")) if isinstance(path, str) else ""


def _check_endpoint(endpoint: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    yield from _check_record_key(endpoint, (*path, "record_key"))
    yield from _check_percentiles(mapping(endpoint.get("latency")), (*path, "latency"))
    error = endpoint.get("error_in_200")
    here: Path = (*path, "error_in_200")
    if isinstance(error, str):
        yield from check_jmespath(error, here, "error_in_200")
    for name in ("path", "code"):
        yield from check_jmespath(mapping(error).get(name), (*here, name), name)


def _check_record_key(endpoint: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    key = endpoint.get("record_key")
    place = _PLACE.fullmatch(key) if isinstance(key, str) else None
    if place is None:
        yield from check_jmespath(key, path, "record_key")
        return
    places = _PLACE.findall(str(endpoint.get("path")))
    if place[1] not in places:
        known = ", ".join(f"{{{one}}}" for one in places) or "none"
        yield Problem(path, f"`record_key`: `path` has no {place[0]}; placeholders: {known}")


def _check_percentiles(latency: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """A budget is not shorter than that of a lower percentile."""
    last = None
    for name in _PERCENTILES:
        try:
            budget = parse_duration(latency[name])
        except (KeyError, ValueError):
            continue
        if last and budget < last[1]:
            yield Problem((*path, name), f"`{name}` must not be shorter than `{last[0]}`")
        last = (name, budget)
