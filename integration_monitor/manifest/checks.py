"""Checks that need more than one key of a manifest. Pure.

They read the plain values, so that they find their mistakes beside those of single keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from integration_monitor.manifest.auth_checks import check_auth, check_credentials
from integration_monitor.manifest.call_checks import check_calls, check_sync_name
from integration_monitor.manifest.problems import Problem, items, mapping, nearest
from integration_monitor.manifest.quantities import parse_duration
from integration_monitor.manifest.side_checks import check_sync, one_of
from integration_monitor.manifest.template_checks import (
    check_no_secret,
    credentials_of,
)
from integration_monitor.manifest.webhook_checks import check_webhooks
from integration_monitor.manifest.yaml_document import Path


def check_manifest(value: Mapping[str, Any], channels: Set[str] | None) -> Iterator[Problem]:
    """All mistakes between the keys of a manifest.

    `channels` are the names that monitor.yaml declares; None where they are not known.
    """
    credentials = credentials_of(value.get("connections"))
    if isinstance(value.get("connections"), dict):
        yield from one_of(value["connections"], ("connections",), "list", "sql")
        yield from _check_tenants(value["connections"])
    yield from check_auth(mapping(value.get("auth")), credentials)
    base_url = mapping(value.get("partner")).get("base_url")
    yield from check_credentials(base_url, ("partner", "base_url"), credentials)
    yield from check_routes(value.get("alerts"), ("alerts",), channels)
    yield from check_webhooks(value, credentials)
    probe = mapping(value.get("probe"))
    yield from _check_limits(mapping(probe.get("latency")), ("probe", "latency"))
    yield from check_calls(value)
    endpoints = mapping(value.get("endpoints"))
    for name, sync in mapping(value.get("syncs")).items():
        path: Path = ("syncs", name)
        yield from check_sync_name(name, path)
        if isinstance(sync, dict):
            yield from check_sync(sync, path, endpoints, credentials)
            yield from _check_limits(mapping(sync.get("lag")), (*path, "lag"))
            yield from _check_partner(value, sync, path)
            yield from _check_tenant_of_source(value, sync, path)


def check_monitor(value: Mapping[str, Any]) -> Iterator[Problem]:
    """All mistakes between the keys of monitor.yaml."""
    channels = mapping(value.get("channels"))
    yield from check_routes(value.get("routes"), ("routes",), frozenset(channels))
    for name, channel in channels.items():
        headers = mapping(channel).get("headers")
        yield from check_no_secret(headers, ("channels", name, "headers"))


def check_routes(routes: object, path: Path, channels: Set[str] | None) -> Iterator[Problem]:
    """Every route names channels that monitor.yaml declares."""
    if channels is None:
        return
    for severity, names in mapping(routes).items():
        for index, name in enumerate(items(names)):
            if isinstance(name, str) and name not in channels:
                declared = ", ".join(sorted(channels)) or "none"
                yield Problem(
                    (*path, severity, index),
                    f"`{severity}`: no channel `{name}` in monitor.yaml"
                    f"{nearest(name, channels) or ';'} declared: {declared}",
                )


def _check_tenants(connections: Mapping[str, Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, entry in enumerate(items(connections.get("list"))):
        tenant = mapping(entry).get("tenant")
        if isinstance(tenant, str) and tenant in seen:
            path: Path = ("connections", "list", index, "tenant")
            yield Problem(path, f"`tenant`: a second connection of `{tenant}`")
        elif isinstance(tenant, str):
            seen.add(tenant)


def _check_tenant_of_source(
    value: Mapping[str, Any], sync: Mapping[str, Any], path: Path
) -> Iterator[Problem]:
    connections = mapping(value.get("connections"))
    several = "sql" in connections or len(items(connections.get("list"))) > 1
    source = mapping(sync.get("source"))
    if several and "sql" in source and source.get("tenant") is None:
        message = "`tenant` is missing: each connection would owe the rows of all tenants"
        yield Problem((*path, "source", "tenant"), message)


def _check_limits(limits: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """A warning comes before the failure."""
    try:
        warn, fail = parse_duration(limits.get("warn")), parse_duration(limits.get("fail"))
    except ValueError:
        return
    if warn > fail:
        yield Problem((*path, "warn"), "`warn` must not be longer than `fail`")


def _check_partner(
    value: Mapping[str, Any], sync: Mapping[str, Any], path: Path
) -> Iterator[Problem]:
    for role in ("source", "destination"):
        if mapping(sync.get(role)).get("rest") is not None and value.get("partner") is None:
            yield Problem(
                (*path, role, "rest"),
                "`rest` needs `partner: {base_url: …}` at the top of the manifest",
                of_key=True,
            )
