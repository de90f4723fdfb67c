"""What is particular about Shopify: a host for each shop, times in the shop's zone."""

from __future__ import annotations

from integration_monitor_tests.integrations import shopify
from integration_monitor_tests.integrations.conftest import Run


def test_each_shop_is_asked_at_its_own_host_with_its_own_token(run: Run) -> None:
    case = run(shopify.ORDERS)
    case.measure()
    asked = {(one.host, one.headers["x-shopify-access-token"]) for one in case.api.requests}
    assert asked == {(f"{shop}.myshopify.com", token) for shop, (_, token) in shopify.SHOPS.items()}


def test_later_pages_are_asked_for_by_their_address_alone(run: Run) -> None:
    case = run(shopify.ORDERS)
    case.fill(2 * 3 * case.example.page)
    case.measure()
    listed = [one.parameters for one in case.api.asked(f"{shopify.BASE}.json")]
    later = [asked for asked in listed if "page_info" in asked]
    assert len(later) >= 4
    assert all(set(asked) == {"page_info", "limit", "fields"} for asked in later)
