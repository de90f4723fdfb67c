"""HubSpot's CRM search and batch read, as its documentation describes them (API v3)."""

from __future__ import annotations

from collections.abc import Callable
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
    iso,
    oldest_first,
    only,
    whole,
)

TOKENS = {"token-acme": "acme", "token-globex": "globex"}
LARGEST_SEARCH = 10_000
CHANGED = {"contacts": "lastmodifieddate", "deals": "hs_lastmodifieddate"}


def _invalid(message: str, status: int = 400, category: str = "VALIDATION_ERROR") -> Refused:
    return Refused(status, {"status": "error", "message": message, "category": category})


class HubSpot(Api):
    def answer(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in TOKENS:
            raise _invalid("Authentication credentials not found", 401, "INVALID_AUTHENTICATION")
        kind, _, action = request.path.removeprefix("/crm/v3/objects/").partition("/")
        actions = {"search": self._search, "batch/read": self._read}
        if request.method != "POST" or kind not in CHANGED or action not in actions:
            raise _invalid("no such resource", 404, "OBJECT_NOT_FOUND")
        return actions[action](kind, request.json, self.items.get(TOKENS[token], {}))

    def too_many(self) -> Response:
        return Response(
            429, {"status": "error", "errorType": "RATE_LIMIT", "policyName": "SECONDLY"}
        )

    def _search(self, kind: str, body: Json, items: dict[str, Item]) -> Response:
        only(body, "filterGroups", "sorts", "properties", "limit", "after", error=_invalid)
        limit = whole(body.get("limit", 10), 1, 200, error=_invalid)
        after = whole(body.get("after", "0"), 0, LARGEST_SEARCH - limit, error=_invalid)
        (group,) = body["filterGroups"]
        passes = _filter(kind, group["filters"])
        found = [item for item in oldest_first(items) if passes(item)]
        more = after + limit < len(found)
        return Response(
            200,
            {
                "total": len(found),
                "results": [_object(item, body["properties"]) for item in found[after:][:limit]],
                **({"paging": {"next": {"after": str(after + limit)}}} if more else {}),
            },
        )

    def _read(self, kind: str, body: Json, items: dict[str, Item]) -> Response:
        only(body, "inputs", "properties", error=_invalid)
        whole(len(body["inputs"]), 1, 100, error=_invalid)
        keys = [given["id"] for given in body["inputs"]]
        results = [_object(items[key], body["properties"]) for key in keys if key in items]
        missing = len(keys) - len(results)
        errors = {"numErrors": 1, "errors": [{"category": "OBJECT_NOT_FOUND"}]} if missing else {}
        document = {"status": "COMPLETE", "results": results, **errors}
        return Response(207 if missing else 200, document)


def _filter(kind: str, filters: list[Json]) -> Callable[[Item], bool]:
    """All filters of a group. Times are milliseconds, as text."""
    bounds = {}
    for one in filters:
        only(one, "propertyName", "operator", "value", error=_invalid)
        if one["propertyName"] != CHANGED[kind]:
            raise _invalid(f"there was a problem with the property {one['propertyName']}")
        milliseconds = whole(one["value"], 0, 10**13, error=_invalid)
        bounds[one["operator"]] = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return lambda item: bounds["GTE"] <= item.at < bounds["LT"]


def _object(item: Item, properties: list[str]) -> Json:
    kept = {"hs_object_id": item.key, "lastmodifieddate": iso(item.at), **item.fields}
    return {
        "id": item.key,
        "properties": {name: kept.get(name) for name in {*properties, "hs_object_id"}},
        "createdAt": iso(item.at),
        "updatedAt": iso(item.at, ".000Z"),
        "archived": False,
    }


_SETUP = """
    create schema crm;
    create table hubspot_accounts (tenant text, access_token text);
    insert into hubspot_accounts values ('acme', 'token-acme'), ('globex', 'token-globex')
"""
_COLUMNS = {"hubspot_id": "key", "source_updated_at": "at", "loaded_at": "at", "tenant": "tenant"}
CONTACTS = Example(
    file="hubspot.yaml",
    sync="contacts",
    api=HubSpot,
    addresses={"https://api.hubapi.com": "{url}"},
    table=Table(
        """create table crm.contacts (hubspot_id bigint primary key, tenant text,
        source_updated_at timestamptz, loaded_at timestamptz, email text, plan text)""",
        _COLUMNS,
    ),
    tenants=("acme", "globex"),
    setup=_SETUP,
    page=200,
    totals=True,
)
DEALS = replace(
    CONTACTS,
    sync="deals",
    table=Table(
        """create table crm.won_deals (hubspot_id bigint primary key, tenant text,
        source_updated_at timestamptz, loaded_at timestamptz, amount numeric)""",
        _COLUMNS,
    ),
    fields={"dealstage": "closedwon"},
    totals=False,
)
