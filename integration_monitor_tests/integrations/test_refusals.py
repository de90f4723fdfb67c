"""The servers refuse what their partners refuse, so the examples cannot be wrong unnoticed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from integration_monitor_tests.integrations import (
    github,
    hubspot,
    salesforce,
    shopify,
    stripe,
    tracker,
    zendesk,
)
from integration_monitor_tests.integrations.case import Example
from integration_monitor_tests.integrations.conftest import Run

WRONG: Mapping[Example, Mapping[str, str]] = {
    hubspot.CONTACTS: {
        "limit: 200": "limit: 201",
        "propertyName: lastmodifieddate": "propertyName: updatedAt",
        "time: epoch_ms": "time: iso8601",
        "/contacts/search": "/contacts/query",
    },
    stripe.CHARGES: {
        "created[gte]": "updated[gte]",
        "limit: 100": "limit: 101",
        "Stripe-Version": "Stripe-Vertion",
    },
    stripe.SUBSCRIPTIONS: {"subscription.updated": "subscription.changed"},
    salesforce.OPPORTUNITIES: {
        "SystemModstamp >= {since}": "SystemModstamp >= '{since}'",
        "select Id, SystemModstamp,": "select Id, Changed,",
        "/services/oauth2/token": "/services/oauth2/authorize",
    },
    shopify.ORDERS: {
        "X-Shopify-Access-Token": "X-Shopify-Token",
        "limit: 250": "limit: 251",
        "updated_at_min": "updated_after",
    },
    github.ISSUES: {
        "per_page: 100": "per_page: 200",
        "sort: updated": "sort: changed",
        "application/vnd.github+json": "text/html",
    },
    zendesk.TICKETS: {
        "admin@example.com/token": "admin@example.com",
        "per_page: 1000": "per_page: 1001",
        "start_time": "since",
    },
    tracker.ISSUES: {
        "header: Authorization": "header: X-API-Key",
        "first: 100": "first: 500",
        "filter: {updatedAt": "filters: {updatedAt",
    },
}
"""What an example says, and what the partner would not take instead."""


@pytest.mark.parametrize("example", WRONG, ids=str)
def test_a_manifest_that_asks_for_what_is_not_there_is_unknown(example: Example, run: Run) -> None:
    case = run(example)
    assert case.measure().verdicts[0].status == "ok"
    for right, wrong in WRONG[example].items():
        case.api.refused.clear()
        verdict = case.edited({right: wrong}).measure().verdicts[0]
        assert (verdict.status, case.api.refused != []) == ("unknown", True), wrong
