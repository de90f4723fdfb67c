"""The servers refuse what their partners refuse, so the examples cannot be wrong unnoticed."""

from __future__ import annotations

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

WRONG: tuple[tuple[Example, str, str], ...] = (
    (hubspot.CONTACTS, "limit: 200", "limit: 201"),
    (hubspot.CONTACTS, "propertyName: lastmodifieddate", "propertyName: updatedAt"),
    (hubspot.CONTACTS, "time: epoch_ms", "time: iso8601"),
    (hubspot.CONTACTS, "/contacts/search", "/contacts/query"),
    (stripe.CHARGES, "created[gte]", "updated[gte]"),
    (stripe.CHARGES, "limit: 100", "limit: 101"),
    (stripe.CHARGES, "Stripe-Version", "Stripe-Vertion"),
    (stripe.SUBSCRIPTIONS, "subscription.updated", "subscription.changed"),
    (salesforce.OPPORTUNITIES, "SystemModstamp >= {since}", "SystemModstamp >= '{since}'"),
    (salesforce.OPPORTUNITIES, "select Id, SystemModstamp,", "select Id, Changed,"),
    (salesforce.OPPORTUNITIES, "/services/oauth2/token", "/services/oauth2/authorize"),
    (shopify.ORDERS, "X-Shopify-Access-Token", "X-Shopify-Token"),
    (shopify.ORDERS, "limit: 250", "limit: 251"),
    (shopify.ORDERS, "updated_at_min", "updated_after"),
    (github.ISSUES, "per_page: 100", "per_page: 200"),
    (github.ISSUES, "sort: updated", "sort: changed"),
    (github.ISSUES, "application/vnd.github+json", "text/html"),
    (zendesk.TICKETS, "admin@example.com/token", "admin@example.com"),
    (zendesk.TICKETS, "per_page: 1000", "per_page: 1001"),
    (zendesk.TICKETS, "start_time", "since"),
    (tracker.ISSUES, "header: Authorization", "header: X-API-Key"),
    (tracker.ISSUES, "first: 100", "first: 500"),
    (tracker.ISSUES, "filter: {updatedAt", "filters: {updatedAt"),
)


@pytest.mark.parametrize(("example", "right", "wrong"), WRONG, ids=lambda part: str(part))
def test_a_manifest_that_asks_for_what_is_not_there_is_unknown(
    example: Example, right: str, wrong: str, run: Run
) -> None:
    case = run(example, edits={right: wrong})
    verdict = case.measure().verdicts[0]
    assert (verdict.status, case.api.refused != []) == ("unknown", True)
