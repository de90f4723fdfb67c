"""Stripe's lists of charges and of events, and a charge by its id (API version 2024-06-20)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from integration_monitor_tests.integrations.case import Example, Table
from integration_monitor_tests.integrations.server import (
    Api,
    Item,
    Json,
    Refused,
    Request,
    Response,
    epoch,
    newest_first,
    only,
    whole,
)

KEYS = {"rk_live_europe": "europe", "rk_live_america": "america"}
TYPES = [f"customer.subscription.{what}" for what in ("created", "updated", "deleted")]
_LISTED = ("created[gte]", "created[lt]", "limit", "starting_after")


def _invalid(message: str, status: int = 400) -> Refused:
    error = {"type": "invalid_request_error", "message": message}
    return Refused(status, {"error": error})


class Stripe(Api):
    def answer(self, request: Request) -> Response:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if key not in KEYS:
            raise _invalid("Invalid API Key provided", 401)
        if request.headers.get("stripe-version") != "2024-06-20":
            raise _invalid("the shapes below are those of 2024-06-20")
        items = self.items.get(KEYS[key], {})
        if request.method == "GET" and request.path == "/v1/charges":
            only(request.query, *_LISTED, "expand[]", error=_invalid)
            expanded = request.query.get("expand[]") == ["data.balance_transaction"]
            return _list(request, items, lambda item: _charge(item, expanded))
        if request.method == "GET" and request.path == "/v1/events":
            only(request.query, *_LISTED, "types[]", error=_invalid)
            if not set(request.query.get("types[]", [])) <= set(TYPES):
                raise _invalid("Invalid type of event")
            return _list(request, items, _event)
        return self._charge(request, items)

    def too_many(self) -> Response:
        error = {"type": "invalid_request_error", "code": "rate_limit"}
        return Response(429, {"error": error}, {"Stripe-Rate-Limited-Reason": "global-rate"})

    def _charge(self, request: Request, items: Mapping[str, Item]) -> Response:
        key = request.path.removeprefix("/v1/charges/")
        if request.method != "GET" or key not in items:
            raise _invalid(f"No such charge: '{key}'", 404)
        only(request.query, "expand[]", error=_invalid)
        expanded = request.query.get("expand[]") == ["balance_transaction"]
        return Response(200, _charge(items[key], expanded))


def _list(request: Request, items: Mapping[str, Item], shape: Callable[[Item], Json]) -> Response:
    asked = request.parameters
    limit = whole(asked.get("limit", 10), 1, 100, error=_invalid)
    since, until = (_moment(asked.get(f"created[{bound}]")) for bound in ("gte", "lt"))
    found = [item for item in newest_first(items) if since <= item.at < until]
    first = _after(asked.get("starting_after"), [shape(item)["id"] for item in found])
    data = [shape(item) for item in found[first:][:limit]]
    more = first + limit < len(found)
    return Response(200, {"object": "list", "url": request.path, "has_more": more, "data": data})


def _moment(seconds: str | None) -> datetime:
    if seconds is None or not seconds.isdecimal():
        raise _invalid(f"Invalid integer: {seconds}")
    return datetime.fromtimestamp(int(seconds), UTC)


def _after(last: str | None, known: Sequence[str]) -> int:
    if last is None:
        return 0
    if last not in known:
        raise _invalid(f"No such object: '{last}'")
    return known.index(last) + 1


def _charge(item: Item, expanded: bool) -> Json:
    transaction = {"id": f"txn_{item.key}", "object": "balance_transaction", "fee": 59}
    return {
        "id": item.key,
        "object": "charge",
        "created": epoch(item.at),
        "status": "succeeded",
        "balance_transaction": transaction if expanded else transaction["id"],
        **item.fields,
    }


def _event(item: Item) -> Json:
    subscription = {"id": item.key, "object": "subscription", "status": "active"}
    return {
        "id": f"evt_{item.key}_{epoch(item.at)}",
        "object": "event",
        "type": TYPES[1],
        "created": epoch(item.at),
        "data": {"object": subscription},
    }


CHARGES = Example(
    file="stripe.yaml",
    sync="charges",
    api=Stripe,
    addresses={"https://api.stripe.com": "{url}"},
    setup="create schema finance",
    table=Table(
        """create table finance.payments (charge_id text, account text, charged_at timestamptz,
        loaded_at timestamptz, kind text default 'charge', fee integer)""",
        {"charge_id": "key", "account": "tenant", "charged_at": "at", "loaded_at": "at"},
    ),
    tenants=("europe", "america"),
    environ={"STRIPE_KEY_EUROPE": "rk_live_europe", "STRIPE_KEY_AMERICA": "rk_live_america"},
    key=lambda number: f"ch_{number}",
)
SUBSCRIPTIONS = replace(
    CHARGES,
    sync="subscriptions",
    table=Table(
        """create table finance.subscriptions (subscription_id text primary key, account text,
        last_event_at timestamptz)""",
        {"subscription_id": "key", "account": "tenant", "last_event_at": "at"},
    ),
    key=lambda number: f"sub_{number}",
)
