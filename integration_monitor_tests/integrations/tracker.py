"""A GraphQL API with Relay's pages: one address, a query with variables, errors within a 200."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from integration_monitor_tests.integrations.case import Example, Table
from integration_monitor_tests.integrations.server import (
    Api,
    Item,
    Json,
    Refused,
    Request,
    Response,
    ids,
    iso,
    oldest_first,
    only,
    whole,
)

KEY = "lin_api_metrics"
_QUERY = re.compile(
    r"query \w+\((?P<declared>[^)]*)\) \{ issues\((?P<given>[^)]*)\) \{ (?P<selected>.*) \} \}"
)
_NODES = "nodes { id updatedAt title team { key } }"


def _error(message: str, code: str = "GRAPHQL_VALIDATION_FAILED") -> Refused:
    errors = [{"message": message, "extensions": {"code": code}}]
    return Refused(200, {"errors": errors, "data": None})


class Tracker(Api):
    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.failing: str | None = None
        """What the answers say is wrong, whatever is asked."""

    def answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != KEY:
            raise Refused(401, {"errors": [{"message": "Authentication required"}]})
        if request.method != "POST" or request.path != "/graphql":
            raise Refused(404, {"errors": [{"message": "Not Found"}]})
        if self.failing is not None:
            raise _error(self.failing, "INTERNAL_SERVER_ERROR")
        return self._issues(request.json)

    def too_many(self) -> Response:
        error = {"message": "Rate limit exceeded", "extensions": {"code": "RATELIMITED"}}
        return Response(429, {"errors": [error]}, {"Retry-After": "0.1"})

    def _issues(self, body: Json) -> Response:
        only(body, "query", "variables", error=_error)
        query = _QUERY.fullmatch(" ".join(body["query"].split()))
        if query is None or _NODES not in query["selected"]:
            raise _error("Syntax Error")
        variables = body["variables"]
        declared = re.findall(r"\$(\w+):", query["declared"])
        only(variables, *declared, error=_error)
        given = dict(re.findall(r"(\w+): (\$?\w+)", query["given"]))
        first = whole(given.get("first", 50), 1, 250, error=_error)
        return self._page(variables.get("filter") or {}, variables.get("after"), first)

    def _page(self, filters: Json, after: str | None, first: int) -> Response:
        everything = {key: item for items in self.items.values() for key, item in items.items()}
        found = [item for item in oldest_first(everything) if _passes(item, filters)]
        if after is not None and after not in ids(found):
            raise _error("Argument Validation Error - after is not a valid cursor")
        start = ids(found).index(after) + 1 if after else 0
        shown = found[start : start + first]
        end = shown[-1].key if shown else None
        page = {"hasNextPage": start + first < len(found), "endCursor": end}
        issues = {
            "totalCount": len(found),
            "nodes": [self._node(item) for item in shown],
            "pageInfo": page,
        }
        return Response(200, {"data": {"issues": issues}})

    def _node(self, item: Item) -> Json:
        (team,) = [team for team, items in self.items.items() if item.key in items]
        at = iso(item.at, ".000Z")
        return {"id": item.key, "updatedAt": at, "title": "An issue", "team": {"key": team}}


def _passes(item: Item, filters: Mapping[str, Mapping[str, Json]]) -> bool:
    only(filters, "updatedAt", "id", error=_error)
    if "id" in filters:
        return item.key in filters["id"]["in"]
    if "updatedAt" not in filters:
        return True
    since, until = (datetime.fromisoformat(filters["updatedAt"][end]) for end in ("gte", "lt"))
    return since <= item.at < until


ISSUES = Example(
    file="tracker.yaml",
    sync="issues",
    api=Tracker,
    addresses={"https://api.tracker.example.com": "{url}"},
    setup="create schema engineering",
    table=Table(
        """create table engineering.tracker_issues (issue_id uuid primary key, team text,
        updated_at timestamptz, title text)""",
        {"issue_id": "key", "team": "tenant", "updated_at": "at"},
    ),
    tenants=("ENG", "OPS"),
    environ={"TRACKER_API_KEY": KEY},
    key=lambda number: f"9cfb482a-81e3-4154-b5b9-{number:012x}",
    totals=True,
)
