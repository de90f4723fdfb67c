"""The example manifest as domain objects: golden/hubspot.json."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

from integration_monitor.manifest import load_directory
from integration_monitor.manifest.calls import (
    CallRules,
    DeprecationRules,
    ErrorIn200,
    ErrorRules,
    LatencyRules,
    RateLimitHeaders,
    RateLimitRules,
    RetryRules,
    TenantRules,
)
from integration_monitor.manifest.domain import (
    Integration,
    ListedConnections,
    NoAuth,
    Reference,
    SingleConnection,
)
from integration_monitor.manifest.webhooks import (
    EventRule,
    Handshake,
    HttpSink,
    LagRules,
    SqlSink,
    Subscription,
    VolumeRules,
    Webhooks,
)
from integration_monitor_tests.manifest.texts import SMALL, SOUND, edited, fleet_of

GOLDEN = Path(__file__).parent / "golden" / "hubspot.json"
EXAMPLES = Path(__file__).parents[2] / "integrations"


def read(text: str) -> Integration:
    (integration,) = fleet_of(text).integrations
    return integration


def test_the_example_means_what_it_says() -> None:
    found = next(one for one in load_directory(EXAMPLES).integrations if one.name == "hubspot")
    values = asdict(replace(found, file="hubspot.yaml"))
    text = json.dumps(values, indent=2, default=str) + "\n"
    if os.environ.get("REGENERATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_what_is_left_out_takes_the_defaults_of_the_domain() -> None:
    found = read(SMALL)
    expected = Integration(name="crm", owner=found.owner, file="crm.yaml", title="crm")
    assert found == expected
    assert found.connections == SingleConnection()
    assert found.auth == NoAuth()


def test_listed_connections_hold_references() -> None:
    found = read(SOUND).connections
    assert isinstance(found, ListedConnections)
    assert found.connections[0].tenant == "acme"
    assert found.connections[0].credentials == {"token": Reference("ACME_TOKEN")}


def test_cron_stands_for_every() -> None:
    sync = read(edited("every: 15m", 'cron: "*/15 8-18 * * *"')).syncs["contacts"]
    assert sync.every.text == "*/15 8-18 * * *"
    assert (
        sync.every == read(edited("every: 15m", "every: '*/15 8-18 * * *'")).syncs["contacts"].every
    )


def test_optional_keys_reach_the_domain() -> None:
    text = edited(
        "every: 15m",
        "every: 15m\n    title: T\n    overlap: 0s\n    grace: 0s\n    requests: 7\n"
        "    tolerance: {extra: ignore}",
    )
    text += "deadline: 90s\nrequests_at_once: 2\nrequest_timeout: 3s\nwait_budget: 0s\n"
    found = read(text.replace("list: {path", "list: {mode: newest_first, time: date, path"))
    sync = found.syncs["contacts"]
    assert (sync.title, sync.overlap, sync.grace, sync.requests) == (
        "T",
        timedelta(0),
        timedelta(0),
        7,
    )
    assert sync.tolerance.extra == "ignore"
    assert "mode='newest_first', time='date'" in repr(sync.source)
    assert found.deadline == timedelta(seconds=90)
    assert found.wait_budget == timedelta(0)
    assert (found.requests_at_once, found.request_timeout) == (2, timedelta(seconds=3))


CALLS = """
partner: {base_url: https://api.example.com, changelog: https://example.com/a, changelog_every: 1h}
endpoints:
  contact:
    path: /contacts/{id}
    kind: contacts
    error_in_200: {path: errors, code: "errors[].code", classes: {A1: permission, A2: ok}}
    record_key: "{id}"
  order: {path: /orders, error_in_200: error}
calls:
  window: 30m
  minimum: 50
  errors: {warn: 1%, fail: 0.5, for: 0s, burst: 5, burst_within: 2m, rise: 3, rise_within: 10m}
  latency: {for: 1m, at_risk: 90%}
  tenants: {fail: 20%, minimum: 3, for: 2m}
  rate_limits: {warn: 2%, fail: 3%, headroom: 25%}
  rate_limit_headers:
    minute: {limit: X-Limit, remaining: X-Left, reset: X-Reset, reset_unit: epoch_ms, window: 1m}
    day: {used: X-Used}
  deprecation: {ticket: 30d, page: 7d}
  retry: {attempts: 5, wait_budget: 0s, base: 100ms, rate_limited: pass_on}
  samples_per_minute: 0
"""


def test_everything_of_calls_reaches_the_domain() -> None:
    minutes = [timedelta(minutes=number) for number in range(31)]
    found = read(SMALL + CALLS)
    assert found.calls == CallRules(
        window=minutes[30],
        minimum=50,
        errors=ErrorRules(0.01, 0.5, minutes[0], 5, minutes[2], 3.0, minutes[10]),
        latency=LatencyRules(minutes[1], 0.9),
        tenants=TenantRules(0.2, 3, minutes[2]),
        rate_limits=RateLimitRules(0.02, 0.03, 0.25),
        rate_limit_headers={
            "minute": RateLimitHeaders(
                "X-Limit", "X-Left", None, "X-Reset", "epoch_ms", window=minutes[1]
            ),
            "day": RateLimitHeaders(used="X-Used"),
        },
        deprecation=DeprecationRules(timedelta(days=30), timedelta(days=7)),
        retry=RetryRules(5, minutes[0], timedelta(milliseconds=100), "pass_on"),
        samples_per_minute=0,
    )
    contact, order = found.endpoints["contact"], found.endpoints["order"]
    assert contact.error_in_200 == ErrorIn200(
        "errors", "errors[].code", {"A1": "permission", "A2": "ok"}
    )
    assert (contact.kind, contact.record_key) == ("contacts", "{id}")
    assert order.error_in_200 == ErrorIn200("error")
    assert (order.kind, order.record_key) == (None, None)
    assert found.partner
    assert found.partner.changelog_every == timedelta(hours=1)


def test_a_preset_of_rate_limit_headers_stays_a_name() -> None:
    found = read(SMALL + "calls: {rate_limit_headers: github}\n").calls
    assert found == CallRules(rate_limit_headers="github")


def test_days_of_calls_are_retained_as_told() -> None:
    monitor = fleet_of(SMALL, "version: 1\nretention: {days: 1y}\n").monitor
    assert monitor.retention.days == timedelta(days=365)


WEBHOOKS = """
partner: {base_url: https://api.example.com}
connections: {list: [{tenant: acme, hook: {env: ACME_HOOK}}]}
webhooks:
  signature: hubspot_v3
  public_url: https://hooks.example.com/webhooks/crm
  secret: [{env: NEW}, {env: OLD}]
  rejected_status: 403
  handshake: {when: type == 'url_verification', answer: challenge}
  each: "$"
  event_id: [eventId, "header:X-Request"]
  may_differ: [attemptNumber]
  type: subscriptionType
  occurred_at: occurredAt
  time: epoch_ms
  tenant: portalId
  object: objectId
  ordered_by: objectId
  events:
    contact.creation: crm.contact.created
    contact.propertyChange: {type: crm.contact.updated, data: {"property": propertyName}}
  data: {portal: portalId}
  sinks:
    product: {http: {url: https://product.example.com/events, secret: {env: S}, retry_for: 1d}}
    warehouse: {sql: {url: {env: WAREHOUSE_URL}, table: crm.events, retry_for: 12h}}
    other: {http: {url: {env: OTHER_URL}}}
  volume:
    alarms: 1
    heartbeat: {every: 4h, grace: 10m}
    timezone: Europe/Berlin
    holidays: DE-BY
    drop: 40%
  lag: {p95: 1m, window: 1h, for: 10m}
  delivered: 99%
  backlog: 10m
  rejected: 2%
  subscription: {request: "GET /hooks/{connection.hook}", enabled: active, every: 2h}
"""


def test_everything_of_webhooks_reaches_the_domain() -> None:
    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    assert read(SMALL + WEBHOOKS).webhooks == Webhooks(
        signature="hubspot_v3",
        secrets=(Reference("NEW"), Reference("OLD")),
        public_url="https://hooks.example.com/webhooks/crm",
        rejected_status=403,
        handshake=Handshake(None, "type == 'url_verification'", "challenge"),
        each="$",
        event_id=("eventId", "header:X-Request"),
        may_differ=("attemptNumber",),
        type="subscriptionType",
        occurred_at="occurredAt",
        time="epoch_ms",
        tenant="portalId",
        object="objectId",
        ordered_by="objectId",
        events={
            "contact.creation": EventRule("crm.contact.created"),
            "contact.propertyChange": EventRule(
                "crm.contact.updated", {"property": "propertyName"}
            ),
        },
        data={"portal": "portalId"},
        sinks={
            "product": HttpSink("https://product.example.com/events", Reference("S"), day),
            "warehouse": SqlSink(Reference("WAREHOUSE_URL"), "crm.events", 12 * hour),
            "other": HttpSink(Reference("OTHER_URL")),
        },
        volume=VolumeRules(1, 4 * hour, 10 * minute, "Europe/Berlin", "DE-BY", 0.4),
        lag=LagRules(minute, hour, 10 * minute),
        delivered=0.99,
        backlog=10 * minute,
        rejected=0.02,
        subscription=Subscription("GET", "/hooks/{connection.hook}", "active", 2 * hour),
    )


def test_webhooks_of_which_little_is_said_take_the_defaults() -> None:
    text = SMALL + "webhooks: {signature: github, secret: {env: A}, handshake: {query: challenge}}"
    found = read(text + "\n").webhooks
    assert found == Webhooks("github", (Reference("A"),), handshake=Handshake("challenge"))


def test_how_late_events_may_be_is_said_alone() -> None:
    found = read(SMALL + "webhooks: {signature: github, secret: {env: A}, lag: 2m}")
    assert found.webhooks
    assert found.webhooks.lag == LagRules(p95=timedelta(minutes=2))


def test_norway_is_a_country() -> None:
    found = read(SMALL + "webhooks: {signature: github, secret: {env: A}, volume: {holidays: NO}}")
    assert found.webhooks
    assert found.webhooks.volume.holidays == "NO"
