"""GitHub's issues and pull requests of a repository (REST API version 2022-11-28)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from integration_monitor_tests.integrations.case import Example, Table
from integration_monitor_tests.integrations.server import (
    Api,
    Item,
    Json,
    Refused,
    Request,
    Response,
    epoch,
    iso,
    newest_first,
    oldest_first,
    only,
    whole,
)

TOKEN = "github_pat_metrics"
_PAGED = ("state", "sort", "direction", "per_page", "page")


def _bad(message: str, status: int = 422) -> Refused:
    return Refused(status, {"message": message, "documentation_url": "https://docs.github.com"})


class GitHub(Api):
    def answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise _bad("Bad credentials", 401)
        if "user-agent" not in request.headers:
            raise _bad("Request forbidden by administrative rules", 403)
        if request.headers.get("accept") != "application/vnd.github+json":
            raise _bad("Unsupported 'Accept' header", 415)
        if request.headers.get("x-github-api-version") != "2022-11-28":
            raise _bad("the shapes below are those of 2022-11-28", 400)
        parts = request.path.split("/")
        if request.method != "GET" or parts[:3] != ["", "repos", "example-org"]:
            raise _bad("Not Found", 404)
        items = self.items.get(parts[3], {})
        found = self._found(request, parts[4:], items)
        return _unless_known(found, request.headers.get("if-none-match"))

    def too_many(self) -> Response:
        """Over the primary rate limit GitHub says 403."""
        reset = str(epoch(self.clock()) + 600)
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        return Response(403, {"message": "API rate limit exceeded"}, headers)

    def _found(self, request: Request, what: list[str], items: Mapping[str, Item]) -> Response:
        if len(what) == 2 and what[1] in items:
            return Response(200, _issue(items[what[1]]))
        if what == ["issues"]:
            return self._issues(request, items)
        if what == ["pulls"]:
            return self._pulls(request, items)
        raise _bad("Not Found", 404)

    def _issues(self, request: Request, items: Mapping[str, Item]) -> Response:
        asked = request.parameters
        only(asked, "since", *_PAGED, error=_bad)
        _check_order(asked, "asc")
        since = datetime.fromisoformat(asked["since"])
        return self._page(request, [item for item in oldest_first(items) if item.at >= since])

    def _pulls(self, request: Request, items: Mapping[str, Item]) -> Response:
        only(request.parameters, *_PAGED, error=_bad)
        _check_order(request.parameters, "desc")
        return self._page(request, newest_first(items))

    def _page(self, request: Request, found: list[Item]) -> Response:
        asked = request.parameters
        size = whole(asked.get("per_page", 30), 1, 100, error=_bad)
        page = whole(asked.get("page", 1), 1, 1_000, error=_bad)
        links = {}
        if page * size < len(found):
            following = urlencode({**asked, "page": page + 1})
            last = urlencode({**asked, "page": -(-len(found) // size)})
            address = f"{self.url}{request.path}"
            links["Link"] = f'<{address}?{following}>; rel="next", <{address}?{last}>; rel="last"'
        shown = found[(page - 1) * size : page * size]
        return Response(200, [_issue(item) for item in shown], links)


def _unless_known(found: Response, etag: str | None) -> Response:
    digest = hashlib.sha256(json.dumps(found.document).encode()).hexdigest()
    tag = f'W/"{digest}"'
    headers = {**found.headers, "ETag": tag, "X-RateLimit-Remaining": "4999"}
    if etag == tag:
        return Response(304, None, headers)
    return replace(found, headers=headers)


def _check_order(asked: Mapping[str, str], direction: str) -> None:
    """By default GitHub lists open ones only, newest made first: not what the sync needs."""
    wanted = {"state": "all", "sort": "updated", "direction": direction}
    if any(asked.get(name) != value for name, value in wanted.items()):
        raise _bad("Validation Failed")


def _issue(item: Item) -> Json:
    return {
        "id": 10_000_000 + int(item.key),
        "number": int(item.key),
        "updated_at": iso(item.at),
    } | (item.fields)


ISSUES = Example(
    file="github.yaml",
    sync="issues",
    api=GitHub,
    addresses={"https://api.github.com": "{url}"},
    setup="create schema engineering",
    table=Table(
        """create table engineering.issues (number integer, repository text,
        updated_at timestamptz, primary key (repository, number))""",
        {"number": "key", "repository": "tenant", "updated_at": "at"},
    ),
    tenants=("web", "api"),
    environ={"GITHUB_TOKEN": TOKEN},
    key=lambda number: str(number + 1),
)
PULL_REQUESTS = replace(
    ISSUES,
    sync="pull_requests",
    table=replace(ISSUES.table, create=ISSUES.table.create.replace("issues", "pull_requests")),
)
