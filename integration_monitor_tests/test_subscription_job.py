"""Partners are asked about subscriptions, and what they say is stored and judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integration_monitor.builder import build_integration_monitor_defs
from integration_monitor.manifest.authentication import BearerAuth
from integration_monitor.manifest.domain import (
    Integration,
    ListedConnection,
    ListedConnections,
    Partner,
    QueriedConnections,
    Reference,
)
from integration_monitor.manifest.webhooks import Subscription
from integration_monitor.observe.subscriptions import ask_about_subscriptions, due
from integration_monitor.store import webhook_subscriptions
from integration_monitor.store.engine import Store
from integration_monitor.subscription_job import NAME
from integration_monitor.webhook_judgement import judge_webhooks
from integration_monitor_tests.observe.feeds import FeedServer, serving
from integration_monitor_tests.plugin import a_fleet, an_integration, store_resource
from integration_monitor_tests.webhook_rows import CRM, NOW, named

TENANTS = ListedConnections(
    (
        ListedConnection("acme", {"token": "a-token"}),
        ListedConnection("globex", {"token": Reference("NOT_SET")}),
    )
)


@pytest.fixture
def partner() -> Iterator[FeedServer]:
    with serving() as started:
        started.kind = "application/json"
        started.body = json.dumps({"data": [{"status": "enabled"}]}).encode()
        yield started


def asked_at(partner: FeedServer, like: Integration = CRM) -> Integration:
    assert like.webhooks
    asked = Subscription("GET", "/hooks?limit=1", "data[0].status == 'enabled'")
    return replace(
        like, partner=Partner(partner.url), webhooks=replace(like.webhooks, subscription=asked)
    )


def ask(store: Store, *integrations: Integration) -> dict[tuple[str, str], tuple[object, str]]:
    found = ask_about_subscriptions(store, integrations, {}, clock=lambda: NOW)
    return {
        (name, whose): (each.enabled, each.error or "")
        for name, of in found.items()
        for whose, each in of.items()
    }


def test_each_connection_is_asked_with_its_own_credentials(
    partner: FeedServer, store: Store
) -> None:
    crm = replace(asked_at(partner), connections=TENANTS, auth=BearerAuth("{connection.token}"))
    found = ask(store, crm, named("shop"))
    assert found["crm", "acme"] == (True, "")
    assert found["crm", "globex"] == (None, "environment variable NOT_SET is not set")
    assert [each["authorization"] for each in partner.asked] == ["Bearer a-token"]
    with store.begin() as connection:
        kept = webhook_subscriptions.read(connection, ["crm"])["crm"]
    assert {whose: each.enabled for whose, each in kept.items()} == {"acme": True, "globex": None}
    # Connections that are gone are let go, but not because the list of them is away.
    away = QueriedConnections(Reference("NOT_SET"), "select 1")
    assert set(ask(store, replace(crm, connections=away))) == {("crm", "-")}
    one = ListedConnections(TENANTS.connections[:1])
    assert set(ask(store, replace(crm, connections=one))) == {("crm", "acme")}
    with store.begin() as connection:
        assert set(webhook_subscriptions.read(connection, ["crm"])["crm"]) == {"acme"}


def test_one_that_is_disabled_pages(partner: FeedServer, store: Store) -> None:
    partner.body = json.dumps({"data": [{"status": "disabled"}]}).encode()
    crm = asked_at(partner)
    ask(store, crm)
    [volume] = [each for each in judge_webhooks(store, [crm], NOW) if each.signal == "volume"]
    assert (volume.status, volume.severity) == ("fail", "page")
    assert volume.reason.startswith("the partner says that the subscription is disabled (asked")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, b"", "GET /hooks?limit=1"),
        (200, b'{"data": "what"}', "is neither true nor false in it"),
    ],
)
def test_an_answer_that_says_nothing_is_not_taken_for_one(
    partner: FeedServer, store: Store, status: int, body: bytes, said: str
) -> None:
    partner.status, partner.body = status, body
    crm = replace(asked_at(partner, named("crm")), wait_budget=timedelta(0))
    assert crm.webhooks
    question = Subscription("GET", "/hooks?limit=1", "data[0].enabled")
    crm = replace(crm, webhooks=replace(crm.webhooks, subscription=question))
    enabled, error = ask(store, crm)["crm", "-"]
    assert enabled is None
    assert said in error


def test_who_is_due(partner: FeedServer, store: Store) -> None:
    crm = asked_at(partner)
    assert due(store, [crm, named("shop")], NOW) == [crm]
    ask(store, crm)
    assert due(store, [crm], NOW + timedelta(minutes=50)) == []
    assert due(store, [crm], NOW + timedelta(minutes=59)) == [crm]
    partner.status = 404
    ask(store, crm)
    assert due(store, [crm], NOW + timedelta(minutes=15)) == [crm]


def test_the_job_asks_and_says_what_was_said(partner: FeedServer, store_url: str) -> None:
    with store_resource(store_url) as resource:
        defs = build_integration_monitor_defs(manifests=a_fleet(asked_at(partner)), store=resource)
        result = defs.resolve_job_def(NAME).execute_in_process()
        assert result.success
        [event] = [e for e in result.all_events if e.is_successful_output]
        metadata = event.step_output_data.metadata
        assert (metadata["subscriptions"].value, metadata["unknown"].value) == (1, 0)
        assert due(resource.open(), [asked_at(partner)], datetime.now(UTC)) == []


def test_without_a_request_there_is_no_job() -> None:
    defs = build_integration_monitor_defs(manifests=a_fleet(an_integration(), CRM))
    assert NAME not in {schedule.name for schedule in defs.schedules or ()}
