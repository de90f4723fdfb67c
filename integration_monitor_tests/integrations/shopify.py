"""Shopify's orders in the REST Admin API: pages by the Link header, each shop on its own host."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from integration_monitor_tests.integrations.case import Example, Table
from integration_monitor_tests.integrations.server import (
    Api,
    Item,
    Json,
    Refused,
    Request,
    Response,
    newest_first,
    only,
    whole,
)

BASE = "/admin/api/2026-07/orders"
SHOPS = {"acme-store": ("acme", "shpat_acme"), "globex-eu": ("globex", "shpat_globex")}
"""Shop to merchant and access token."""
_FILTERS = ("status", "updated_at_min", "updated_at_max", "ids", "fields", "limit")


def _bad(message: str, status: int = 400) -> Refused:
    return Refused(status, {"errors": message})


class Shopify(Api):
    def answer(self, request: Request) -> Response:
        items = self._shop(request)
        if request.method != "GET":
            raise _bad("Not Acceptable", 406)
        if request.path == f"{BASE}/count.json":
            only(request.query, "status", error=_bad)
            if request.parameters.get("status") != "any":
                return Response(200, {"count": 0})
            return Response(200, {"count": len(items)})
        if request.path != f"{BASE}.json":
            raise _bad("Not Found", 404)
        return self._orders(request, items)

    def too_many(self) -> Response:
        headers = {"Retry-After": "0.1", "X-Shopify-Shop-Api-Call-Limit": "40/40"}
        return Response(429, {"errors": "Exceeded 2 calls per second for api client."}, headers)

    def _shop(self, request: Request) -> Mapping[str, Item]:
        shop, _, domain = request.host.partition(".")
        if domain != "myshopify.com" or shop not in SHOPS:
            raise _bad("Not Found", 404)
        merchant, token = SHOPS[shop]
        if request.headers.get("x-shopify-access-token") != token:
            raise _bad("[API] Invalid API key or access token", 401)
        return self.items.get(merchant, {})

    def _orders(self, request: Request, items: Mapping[str, Item]) -> Response:
        """The first page takes filters, the others only what stands in their address."""
        asked = request.parameters
        filters = asked
        first = 0
        if "page_info" in asked:
            only(asked, "page_info", "limit", "fields", error=_bad)
            start, _, rest = asked["page_info"].partition("~")
            first, filters = int(start), dict(pair.split("=") for pair in rest.split("~"))
        only(filters, *_FILTERS, error=_bad)
        limit = whole(asked.get("limit", 50), 1, 250, error=_bad)
        found = [item for item in newest_first(items) if _passes(item, filters)]
        orders = [_order(item, asked["fields"].split(",")) for item in found[first:][:limit]]
        return Response(200, {"orders": orders}, self._links(request, first, limit, len(found)))

    def _links(self, request: Request, first: int, limit: int, count: int) -> dict[str, str]:
        headers = {"X-Shopify-Shop-Api-Call-Limit": "1/40"}
        asked = request.parameters
        kept = {name: asked[name] for name in _FILTERS if name in asked and name != "limit"}
        filters = asked.get("page_info", "").partition("~")[2] or "~".join(
            f"{name}={value}" for name, value in kept.items() if name != "fields"
        )
        address = (
            f"http://{request.headers['host']}{request.path}?limit={limit}&fields={kept['fields']}"
        )
        links = []
        if first:
            links.append(f'<{address}&page_info={max(0, first - limit)}~{filters}>; rel="previous"')
        if first + limit < count:
            links.append(f'<{address}&page_info={first + limit}~{filters}>; rel="next"')
        return {**headers, **({"Link": ", ".join(links)} if links else {})}


def _passes(item: Item, filters: Mapping[str, str]) -> bool:
    if filters.get("status") != "any":
        return False  # ours are all closed, and closed ones are left out otherwise
    if "ids" in filters:
        return item.key in filters["ids"].split(",")
    least, most = (datetime.fromisoformat(filters[f"updated_at_{end}"]) for end in ("min", "max"))
    return least <= item.at <= most


def _order(item: Item, fields: list[str]) -> Json:
    local = item.at.astimezone(timezone(timedelta(hours=-5)))
    order = {
        "id": int(item.key),
        "updated_at": local.isoformat(),
        "total_price": "19.90",
        "financial_status": "paid",
    }
    return {name: order[name] for name in fields}


ORDERS = Example(
    file="shopify.yaml",
    sync="orders",
    api=Shopify,
    addresses={
        "https://{connection.shop}.myshopify.com": "http://{{connection.shop}}.myshopify.com:{port}"
    },
    setup="""
        create schema shop;
        create table shopify_shops (merchant text, shop text, access_token text,
            uninstalled_at timestamptz);
        insert into shopify_shops values ('acme', 'acme-store', 'shpat_acme', null),
            ('globex', 'globex-eu', 'shpat_globex', null), ('gone', 'gone', 'x', now())
    """,
    table=Table(
        """create table shop.orders (order_id bigint primary key, merchant text,
        shopify_updated_at timestamptz, loaded_at timestamptz, total_price numeric,
        financial_status text)""",
        {"order_id": "key", "merchant": "tenant", "shopify_updated_at": "at", "loaded_at": "at"},
    ),
    tenants=("acme", "globex"),
    page=250,
    key=lambda number: str(5_678_900_000_000 + number),
    totals=True,
)
