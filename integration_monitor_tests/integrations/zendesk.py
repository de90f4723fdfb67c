"""Zendesk's incremental export of tickets by cursor, and tickets by their ids."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

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
    oldest_first,
    only,
    whole,
)

EXPORT = "/api/v2/incremental/tickets/cursor.json"
SETTLED = timedelta(minutes=1)
"""What changed within the last minute is not exported yet."""
_LOGIN = base64.b64encode(b"admin@example.com/token:zendesk-secret").decode()


def _bad(message: str, status: int = 400) -> Refused:
    return Refused(status, {"error": "InvalidValue", "description": message})


class Zendesk(Api):
    def answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Basic {_LOGIN}":
            raise Refused(401, {"error": "Couldn't authenticate you"})
        items = self.items.get("-", {})
        if request.method == "GET" and request.path == EXPORT:
            return self._export(request, items)
        if request.method == "GET" and request.path == "/api/v2/tickets/show_many.json":
            only(request.query, "ids", error=_bad)
            keys = request.parameters["ids"].split(",")
            whole(len(keys), 1, 100, error=_bad)
            found = [items[key] for key in keys if key in items]
            kept = [item for item in found if item.fields.get("status") != "deleted"]
            return Response(200, {"tickets": [_ticket(item) for item in kept], "count": len(kept)})
        raise Refused(404, {"error": "InvalidEndpoint"})

    def too_many(self) -> Response:
        document = {"error": "APIRateLimitExceeded", "description": "Number of allowed requests"}
        return Response(429, document, {"Retry-After": "0.1", "X-Rate-Limit-Remaining": "0"})

    def _export(self, request: Request, items: Mapping[str, Item]) -> Response:
        asked = request.parameters
        only(asked, "start_time", "cursor", "per_page", error=_bad)
        size = whole(asked.get("per_page", 1000), 1, 1000, error=_bad)
        since, offset = self._from(asked)
        found = [item for item in oldest_first(items) if item.at >= since]
        settled = [item for item in found if item.at < self.clock() - SETTLED]
        shown = settled[offset : offset + size]
        cursor = f"{epoch(since)}.{offset + len(shown)}"
        return Response(
            200,
            {
                "tickets": [_ticket(item) for item in shown],
                "after_cursor": cursor,
                "after_url": f"{self.url}{EXPORT}?cursor={cursor}&per_page={size}",
                "before_cursor": None,
                "before_url": None,
                "end_of_stream": offset + size >= len(settled),
            },
        )

    def _from(self, asked: Mapping[str, str]) -> tuple[datetime, int]:
        if "cursor" in asked:
            only(asked, "cursor", "per_page", error=_bad)
            start, offset = asked["cursor"].split(".")
            return datetime.fromtimestamp(int(start), UTC), int(offset)
        if not asked.get("start_time", "").isdecimal():
            raise _bad("start_time is not a Unix epoch time")
        since = datetime.fromtimestamp(int(asked["start_time"]), UTC)
        if since > self.clock() - SETTLED:
            raise _bad("Too recent start_time. Use a start_time older than 60 seconds", 422)
        return since, 0


def _ticket(item: Item) -> Json:
    return {
        "id": int(item.key),
        "updated_at": iso(item.at),
        "generated_timestamp": epoch(item.at),
        "status": "open",
        "priority": "high",
        **item.fields,
    }


TICKETS = Example(
    file="zendesk.yaml",
    sync="tickets",
    api=Zendesk,
    addresses={"https://example.zendesk.com": "{url}"},
    setup="create schema support",
    table=Table(
        """create table support.tickets (ticket_id bigint primary key,
        updated_at timestamptz, loaded_at timestamptz, status text, priority text)""",
        {"ticket_id": "key", "updated_at": "at", "loaded_at": "at"},
    ),
    environ={"ZENDESK_API_TOKEN": "zendesk-secret"},
    page=1000,
    key=lambda number: str(35_436 + number),
)
