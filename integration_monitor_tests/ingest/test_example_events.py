"""The shipped manifests understand events as their partners document them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path as File

import pytest

from integration_monitor.ingest.event_reading import EventReader, ReadEvent
from integration_monitor.manifest import load_directory
from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.observe.json_path import Path

EXAMPLES = File(__file__).parents[2] / "integrations"
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def examples() -> dict[str, Webhooks]:
    found = load_directory(EXAMPLES).integrations
    return {one.name: one.webhooks for one in found if one.webhooks is not None}


def only(webhooks: Webhooks, document: object, headers: dict[str, str] | None = None) -> ReadEvent:
    (event,) = EventReader.of(webhooks).read(headers or {}, json.dumps(document).encode(), "europe")
    assert event.unreadable is None
    assert event.type in webhooks.events
    assert event.occurred_at == AT
    return event


def test_hubspot(examples: dict[str, Webhooks]) -> None:
    change = {
        "eventId": 3816279340,
        "subscriptionId": 25,
        "portalId": 33,
        "appId": 1160452,
        "occurredAt": 1772366400000,
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": 1246965,
        "propertyName": "plan",
        "propertyValue": "pro",
        "changeSource": "CRM_UI",
    }
    event = only(examples["hubspot"], [change])
    assert event.event_id == "3816279340:25:1246965:1772366400000"
    assert (event.tenant, event.object_id, event.order_key) == ("33", "1246965", "1246965")
    assert only(examples["hubspot"], [change | {"attemptNumber": 3}]).digest == event.digest


def test_stripe(examples: dict[str, Webhooks]) -> None:
    charge = {
        "id": "evt_3Kx",
        "object": "event",
        "created": 1772366400,
        "type": "charge.succeeded",
        "pending_webhooks": 2,
        "data": {"object": {"id": "ch_3Kx", "amount": 1000, "currency": "eur"}},
    }
    event = only(examples["stripe"], charge)
    assert (event.event_id, event.tenant, event.object_id) == ("evt_3Kx", "europe", "ch_3Kx")
    assert only(examples["stripe"], charge | {"pending_webhooks": 1}).digest == event.digest


def test_github(examples: dict[str, Webhooks]) -> None:
    headers = {"x-github-delivery": "72d3162e-cc78-11e3-81ab", "x-github-event": "pull_request"}
    opened = {
        "action": "opened",
        "number": 7,
        "pull_request": {"node_id": "PR_1", "updated_at": "2026-03-01T12:00:00Z"},
        "repository": {"name": "web"},
    }
    event = only(examples["github"], opened, headers)
    assert (event.event_id, event.type) == ("72d3162e-cc78-11e3-81ab", "pull_request")
    assert (event.tenant, event.object_id) == ("web", "PR_1")


@pytest.mark.parametrize(
    ("name", "answer", "enabled"),
    [
        ("stripe", {"data": [{"url": "URL/europe", "status": "enabled"}]}, True),
        ("stripe", {"data": [{"url": "URL/europe", "status": "disabled"}]}, False),
        ("stripe", {"data": [{"url": "https://other.example", "status": "enabled"}]}, False),
        ("github", [{"config": {}}, {"active": True, "config": {"url": "URL"}}], True),
        ("github", [{"active": False, "config": {"url": "URL"}}], False),
    ],
)  # fmt: skip
def test_subscriptions(
    examples: dict[str, Webhooks], name: str, answer: object, enabled: bool
) -> None:
    subscription = examples[name].subscription
    assert subscription is not None
    url = f"https://hooks.example.com/webhooks/{name}"
    document = json.loads(json.dumps(answer).replace("URL", url))
    assert Path(subscription.enabled).of(document) is enabled
