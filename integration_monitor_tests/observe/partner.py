"""A partner API on loopback that keeps contacts, and breaks on command."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integration_monitor_tests.loopback import listening
from integration_monitor_tests.observe.readings import NOW

Contact = dict[str, Any]
Fault = Callable[["Handler"], None]
JSON = "application/json"


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: Any
    headers: Mapping[str, str]


@dataclass
class Partner:
    """The partner's state. Each tenant has its own token and its own contacts."""

    url: str = ""
    tokens: dict[str, str] = field(default_factory=lambda: {"token-acme": "acme"})
    contacts: dict[str, list[Contact]] = field(default_factory=dict)
    page: int = 2
    clock: datetime | None = NOW
    faults: deque[Fault | None] = field(default_factory=deque)
    """For the next requests, one each; None is no fault."""
    always: Fault | None = None
    requests: list[Request] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]


class Handler(BaseHTTPRequestHandler):
    partner: Partner
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def send_headers(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        if self.partner.clock is not None and "Date" not in headers:
            self.send_header("Date", format_datetime(self.partner.clock, usegmt=True))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        length = {"Content-Type": JSON, "Content-Length": str(len(body))}
        self.send_headers(status, {**length, **(headers or {})})
        with suppress(OSError):
            self.wfile.write(body)

    def answer_json(self, document: object) -> None:
        self.answer(200, json.dumps(document).encode())

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        query = parse_qs(parts.query)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.partner.requests.append(Request(self.command, parts.path, query, body, headers))
        fault = self.partner.faults.popleft() if self.partner.faults else self.partner.always
        if fault is not None:
            fault(self)
            return
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.partner.tokens:
            self.answer(401, b'{"message": "bad token"}')
            return
        contacts = self.partner.contacts.get(self.partner.tokens[token], [])
        self._contacts(parts.path, query, body, contacts)

    def _contacts(
        self, path: str, query: Mapping[str, list[str]], body: Any, contacts: list[Contact]
    ) -> None:
        if path == "/contacts/search":
            self.answer_json(self._search(body, contacts))
        elif path == "/contacts/read":
            self.answer_json({"results": [c for c in contacts if c["id"] in body["inputs"]]})
        elif path == "/contacts":
            newest = sorted(contacts, key=lambda contact: str(contact["updated"]), reverse=True)
            self.answer_json(self._paged(newest, int(query.get("offset", ["0"])[0])))
        else:
            found = [c for c in contacts if path == f"/contacts/{c['id']}"]
            if found:
                self.answer_json(found[0])
            else:
                self.answer(404, b'{"message": "no such contact"}')

    def _search(self, body: Any, contacts: list[Contact]) -> object:
        start, end = int(body["since"]), int(body["until"])
        found = [
            contact
            for contact in contacts
            if not isinstance(contact.get("updated"), int) or start <= contact["updated"] < end
        ]
        return self._paged(found, int(body.get("after", 0)))

    def _paged(self, contacts: list[Contact], offset: int) -> object:
        end = offset + self.partner.page
        following = {"next": {"after": str(end)}} if end < len(contacts) else None
        return {"results": contacts[offset:end], "total": len(contacts), "paging": following}


@contextmanager
def running_partner(partner: Partner | None = None) -> Iterator[Partner]:
    """A partner that listens on a free port."""
    served = partner or Partner()
    handler = type("Handler", (Handler,), {"partner": served})
    with listening(handler) as served.url:
        try:
            yield served
        finally:
            served.closing.set()


# --- faults ---


def says(
    status: int, body: str = '{"message": "no"}', headers: Mapping[str, str] | None = None
) -> Fault:
    """Answers so, whatever was asked."""
    return lambda handler: handler.answer(status, body.encode(), headers)


def html(handler: Handler) -> None:
    handler.answer(200, b"<!doctype html><h1>Maintenance</h1>", {"Content-Type": "text/html"})


def truncated_json(handler: Handler) -> None:
    handler.answer(200, b'{"results": [{"id": "1", "upd')


def cut_off(handler: Handler) -> None:
    """Promises more bytes than it sends."""
    handler.answer(200, b'{"results": [', {"Content-Length": "1000"})
    handler.close_connection = True


def endless_cursor(handler: Handler) -> None:
    handler.answer_json({"results": [], "paging": {"next": {"after": "again"}}})


def hangs(handler: Handler) -> None:
    handler.partner.closing.wait(30)
    handler.close_connection = True


def drips(handler: Handler) -> None:
    """Sends a byte now and then, so that no single read times out."""
    handler.send_headers(200, {"Content-Type": JSON, "Content-Length": "1000000"})
    handler.close_connection = True
    with suppress(OSError):
        while not handler.partner.closing.is_set():
            handler.wfile.write(b" ")
            time.sleep(0.02)


def redirects(location: str, status: int = 302) -> Fault:
    return says(status, "{}", {"Location": location})


def contact(key: object, at: datetime | None, **more: object) -> Contact:
    """A contact as the partner keeps it: times are milliseconds since the epoch."""
    updated = None if at is None else int(at.astimezone(UTC).timestamp() * 1000)
    return {"id": key, "updated": updated, **more}
