"""Wire models → domain objects, once. Pure; what is left out takes the domain's default."""

from __future__ import annotations

from collections.abc import Mapping

from integration_monitor.manifest import domain, wire, wire_partner
from integration_monitor.manifest.convert_auth import auth
from integration_monitor.manifest.convert_calls import call_rules, error_in_200
from integration_monitor.manifest.convert_sync import sync
from integration_monitor.manifest.convert_webhooks import webhooks
from integration_monitor.manifest.given import given


def integration(read: wire.Manifest, *, file: str, owner: domain.Owner) -> domain.Integration:
    """A manifest that was read, as an integration with its owner."""
    return domain.Integration(
        name=read.integration,
        owner=owner,
        file=file,
        title=read.title or read.integration,
        category=read.category,
        partner=_partner(read.partner),
        connections=_connections(read.connections),
        auth=auth(read.auth),
        endpoints={name: _endpoint(name, one) for name, one in read.endpoints.items()},
        calls=call_rules(read.calls),
        probe=_probe(read.probe),
        syncs={name: sync(name, one) for name, one in read.syncs.items()},
        webhooks=webhooks(read.webhooks),
        slo=domain.Slo(read.slo.objective, read.slo.window) if read.slo else None,
        routes=_routes(read.alerts),
        runbook=domain.Runbook(**read.runbook.model_dump()),
        **given(read, "deadline", "requests_at_once", "request_timeout", "wait_budget"),
    )


def monitor(read: wire.Monitor) -> domain.Monitor:
    """monitor.yaml that was read."""
    return domain.Monitor(
        owner=owner(read.owner),
        channels={name: _channel(name, one) for name, one in read.channels.items()},
        routes=_routes(read.routes),
        incidents=_incident_rules(read.incidents),
        retention=domain.Retention(**given(read.retention, *wire.Retention.model_fields)),
        dagster_url=read.dagster_url,
    )


def owner(read: wire_partner.Owner | None) -> domain.Owner | None:
    """The owner, where one is named."""
    return domain.Owner(read.name, read.email) if read else None


def _partner(read: wire_partner.Partner | None) -> domain.Partner | None:
    if read is None:
        return None
    every = given(read, "changelog_every")
    return domain.Partner(read.base_url, read.status_page, read.changelog, **every)


def _connections(read: wire_partner.Connections | None) -> domain.Connections:
    if read is None:
        return domain.SingleConnection()
    if read.sql is not None:
        return domain.QueriedConnections(read.sql.url, read.sql.query)
    listed = [
        domain.ListedConnection(one.tenant, dict(one.__pydantic_extra__))
        for one in read.listed or ()
    ]
    return domain.ListedConnections(tuple(listed))


def _endpoint(name: str, read: wire_partner.Endpoint) -> domain.Endpoint:
    latency = domain.Latency(read.latency.p50, read.latency.p95, read.latency.p99)
    return domain.Endpoint(
        name,
        read.path,
        read.critical,
        latency,
        kind=read.kind,
        error_in_200=error_in_200(read.error_in_200),
        record_key=read.record_key,
    )


def _probe(read: wire_partner.Probe | None) -> domain.Probe | None:
    if read is None:
        return None
    method, path = read.request.split(" ", 1)
    return domain.Probe(
        method=method,
        path=path,
        every=read.every,
        warn=read.latency.warn,
        fail=read.latency.fail,
        required_scopes=tuple(read.scopes.required),
        optional_scopes=tuple(read.scopes.optional),
    )


def _routes(read: wire.Routes) -> Mapping[domain.Severity, tuple[str, ...]]:
    routes: dict[domain.Severity, list[str] | None] = {
        "page": read.page,
        "ticket": read.ticket,
        "watch": read.watch,
    }
    return {severity: tuple(names) for severity, names in routes.items() if names is not None}


def _channel(name: str, read: wire.Channel) -> domain.Channel:
    return domain.Channel(name, read.type, read.url, read.headers)


def _incident_rules(read: wire.IncidentRules) -> domain.IncidentRules:
    rules = dict(given(read, "open_after", "stable_for", "unknown_for"))
    if "remind" in read.model_fields_set:
        rules["remind"] = read.remind
    return domain.IncidentRules(**rules)
