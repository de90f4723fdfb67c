"""Salesforce's token endpoint, SOQL queries and a read of many records by their ids (API v62.0)."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from integration_monitor_tests.integrations.case import Example, Outward, Table
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

TOKEN = "/services/oauth2/token"
DATA = "/services/data/v62.0"
BATCH = 250
"""Records of one answer. 2,000 are the most; Salesforce gives fewer as it sees fit."""
LONGEST = 16_384
FIELDS = {
    "Account": ("Product_Id__c", "Product_Updated__c", "Region__c"),
    "Opportunity": ("Id", "SystemModstamp", "StageName", "Amount"),
}
CLIENTS = {"client-emea": ("emea", "secret-emea"), "client-amer": ("amer", "secret-amer")}
_SOQL = re.compile(
    r"select (?P<fields>[\w, ]+) from (?P<kind>\w+) where (?P<where>.+?)( order by \w+)?",
    re.IGNORECASE,
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


def _bad(message: str, status: int = 400, code: str = "MALFORMED_QUERY") -> Refused:
    return Refused(status, [{"message": message, "errorCode": code}])


class Salesforce(Api):
    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.tokens: dict[str, str] = {}
        """Sessions that are open: access token to org."""
        self.sessions = itertools.count()
        self.locators: dict[str, tuple[list[Json], int]] = {}

    def answer(self, request: Request) -> Response:
        if request.path == TOKEN:
            return self._token(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise _bad("Session expired or invalid", 401, "INVALID_SESSION_ID")
        items = self.items.get(self.tokens[token], {})
        if request.method == "POST" and request.path == f"{DATA}/composite/sobjects/Opportunity":
            return self._by_ids(request.json, items)
        if request.method == "GET" and request.path == f"{DATA}/query":
            return self._query(request, items, self.tokens[token])
        if request.method == "GET" and request.path.removeprefix(f"{DATA}/query/") in self.locators:
            return self._more(request.path.removeprefix(f"{DATA}/query/"))
        raise _bad("The requested resource does not exist", 404, "NOT_FOUND")

    def too_many(self) -> Response:
        error = {"message": "Server is too busy", "errorCode": "SERVER_UNAVAILABLE"}
        return Response(503, [error], {"Retry-After": "0.1"})

    def _token(self, request: Request) -> Response:
        """No `expires_in`: how long a session lives is the org's setting."""
        only(request.form, "grant_type", "client_id", "client_secret", error=_bad)
        client, secret = _client(request)
        if request.method != "POST" or request.form.get("grant_type") != "client_credentials":
            raise Refused(400, {"error": "unsupported_grant_type"})
        org, known = CLIENTS.get(client, ("", None))
        if known is None or secret != known:
            raise Refused(400, {"error": "invalid_client", "error_description": "invalid secret"})
        token = f"00D{org}!{next(self.sessions)}"
        self.tokens[token] = org
        document = {"access_token": token, "instance_url": self.url, "token_type": "Bearer"}
        return Response(200, {**document, "issued_at": "1772452800000", "signature": "c2ln"})

    def _query(self, request: Request, items: Mapping[str, Item], org: str) -> Response:
        only(request.query, "q", error=_bad)
        query = _SOQL.fullmatch(request.parameters["q"])
        if query is None:
            raise _bad("unexpected token")
        if len(request.parameters["q"]) > LONGEST:
            raise _bad("URI Too Long", 414, "URI_TOO_LONG")
        conditions = [_condition(text) for text in re.split(r" and ", query["where"])]
        found = [item for item in oldest_first(items) if all(holds(item) for holds in conditions)]
        fields = query["fields"].split(", ")
        if unknown := set(fields) - set(FIELDS[query["kind"]]):
            raise _bad(f"No such column '{min(unknown)}'", code="INVALID_FIELD")
        records = [_record(item, query["kind"], fields, org) for item in found]
        locator = f"0r8xx{len(self.locators)}AAA-"
        self.locators[locator] = (records, len(found))
        return self._more(f"{locator}0")

    def _more(self, asked: str) -> Response:
        locator, _, start = asked.rpartition("-")
        records, count = self.locators[f"{locator}-"]
        end = int(start) + BATCH
        following = f"{DATA}/query/{locator}-{end}"
        self.locators[following.rpartition("/")[2]] = (records, count)
        done = end >= count
        document = {"totalSize": count, "done": done, "records": records[int(start) : end]}
        return Response(200, document if done else {**document, "nextRecordsUrl": following})

    def _by_ids(self, body: Json, items: Mapping[str, Item]) -> Response:
        only(body, "ids", "fields", error=_bad)
        whole(len(body["ids"]), 1, 2000, error=_bad)
        records = [
            _record(items[key], "Opportunity", body["fields"], "") if key in items else None
            for key in body["ids"]
        ]
        return Response(200, records)


def _client(request: Request) -> tuple[str, str]:
    """Id and secret, from the header or from the body."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind == "Basic":
        client, _, secret = base64.b64decode(encoded).decode().partition(":")
        return client, secret
    return request.form.get("client_id", ""), request.form.get("client_secret", "")


def _condition(text: str) -> Callable[[Item], bool]:
    """`FIELD >= MOMENT`, `FIELD < MOMENT` or `FIELD in (1, 2)`."""
    compared = re.fullmatch(r"(SystemModstamp|Product_Updated__c) (>=|<) (\S+)", text)
    if compared and _MOMENT.fullmatch(compared[3]):
        bound = datetime.fromisoformat(compared[3])
        least = compared[2] == ">="
        return lambda item: item.at >= bound if least else item.at < bound
    listed = re.fullmatch(r"Product_Id__c in \(([\d, ]+)\)", text)
    if listed is None:
        raise _bad(f"unexpected token: '{text}'")
    keys = re.split(r", ?", listed[1])
    return lambda item: item.key in keys


def _record(item: Item, kind: str, fields: list[str], org: str) -> Json:
    at = iso(item.at, ".000+0000")
    known: dict[str, Json] = {
        "Id": item.key,
        "SystemModstamp": at,
        "StageName": "Closed Won",
        "Amount": 1200.0,
        "Product_Id__c": float(item.key) if kind == "Account" else None,
        "Product_Updated__c": at,
        "Region__c": org,
    }
    return {"attributes": {"type": kind}, **{name: known[name] for name in fields}}


def _environ() -> dict[str, str]:
    return {
        f"SALESFORCE_{org.upper()}_{name}": value
        for client, (org, secret) in CLIENTS.items()
        for name, value in (("URL", "{url}"), ("CLIENT_ID", client), ("CLIENT_SECRET", secret))
    }


OPPORTUNITIES = Example(
    file="salesforce.yaml",
    sync="opportunities",
    api=Salesforce,
    addresses={},
    setup="create schema sales",
    table=Table(
        """create table sales.opportunities (salesforce_id text primary key, region text,
        system_modstamp timestamptz, loaded_at timestamptz, stage text, amount numeric)""",
        {"salesforce_id": "key", "region": "tenant", "system_modstamp": "at", "loaded_at": "at"},
    ),
    tenants=("emea", "amer"),
    environ=_environ(),
    page=BATCH,
    key=lambda number: f"006bm00000{number:05d}AAA",
    totals=True,
)
ACCOUNTS = replace(
    OPPORTUNITIES,
    sync="accounts",
    setup="select",
    table=Table(
        """create table public.accounts (id bigint primary key, region text,
        updated_at timestamptz, deleted_at timestamptz, plan text default 'pro')""",
        {"id": "key", "region": "tenant", "updated_at": "at"},
    ),
    key=lambda number: str(number + 1),
    case=Outward,
)
