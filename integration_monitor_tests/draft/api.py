"""APIs of different habits on loopback, for drafting a manifest of what they show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from integration_monitor_tests.loopback import listening

TOKEN = "token-of-the-test"
PAGE = 3
Habit = Literal["cursor", "page", "link", "next_url", "keyset"]


@dataclass
class Api:
    """Seven contacts, the newest first, of which `since` may filter."""

    habit: Habit = "cursor"
    since: str | None = "updated_since"
    single: bool = True
    url: str = ""
    asked: list[str] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        newest = datetime.now(UTC).replace(microsecond=0)
        self.contacts = [
            {
                "id": f"c-{7 - n}",
                "email": f"{n}@example.com",
                "account": {"plan": "pro"},
                "updated_at": (newest - timedelta(minutes=n)).isoformat().replace("+00:00", "Z"),
            }
            for n in range(7)
        ]

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        """Status, document and headers."""
        if path == "/v1/contacts":
            return self._list(query)
        found = [c for c in self.contacts if path == f"/v1/contacts/{c['id']}"]
        return (200, found[0], {}) if found and self.single else (404, {"message": "no"}, {})

    def _list(self, query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        since = query.get(self.since or "", "")
        found = [c for c in self.contacts if c["updated_at"] >= since]
        at = self._start(found, query)
        page, more = found[at : at + PAGE], at + PAGE < len(found)
        following = f"/v1/contacts?offset={at + PAGE}" if more else None
        if self.habit == "cursor":
            cursor = str(at + PAGE) if more else None
            return 200, {"total": len(found), "data": page, "meta": {"next_cursor": cursor}}, {}
        if self.habit == "next_url":
            return 200, {"data": page, "links": {"next": following}}, {}
        if self.habit == "keyset":
            return 200, {"data": page, "has_more": more}, {}
        link = {"Link": f'<{self.url}{following}>; rel="next"'} if following else {}
        return 200, page, link if self.habit == "link" else {}

    def _start(self, found: list[dict[str, Any]], query: dict[str, str]) -> int:
        if self.habit == "cursor":
            return int(query.get("cursor", 0))
        if self.habit == "page":
            return (int(query.get("page", 1)) - 1) * PAGE
        if self.habit == "keyset":
            ids = [contact["id"] for contact in found]
            after = query.get("starting_after")
            return ids.index(after) + 1 if after else 0
        return int(query.get("offset", 0))


@contextmanager
def running_api(api: Api) -> Iterator[Api]:
    """The API on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            api.asked.append(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, document, headers = api.answer(parts.path, query)
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                status, document = 401, {"message": "who is it?"}
            body = json.dumps(document).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with listening(Handler) as api.url:
        yield api
