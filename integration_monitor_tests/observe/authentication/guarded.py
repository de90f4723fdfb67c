"""A partner on loopback that keeps three pages of contacts behind a check of its own."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from integration_monitor.manifest import load_texts
from integration_monitor.manifest.domain import Integration
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor_tests.loopback import listening
from integration_monitor_tests.observe.readings import NOW

SECRET = "s3cret+/=&%41 x"
"""With what an address, a form or a header might lose."""
USER = "me@example.com"
ENVIRON = {"KEY": SECRET, "USER_NAME": USER}
KEYS = ["1", "2", "3"]
MANIFEST = """\
version: 1
integration: crm
owner: {name: Owner, email: owner@example.com}
partner: {base_url: BASE}
connections: {list: [{tenant: acme, token: {env: KEY}, user: {env: USER_NAME}}]}
auth: AUTH
request_timeout: 2s
wait_budget: 1s
syncs:
  contacts:
    every: 15m
    overlap: 0s
    window: 1h
    source:
      rest:
        list: {path: /contacts, query: {since: "{since}", until: "{until}"}}
        lookup: {method: POST, path: /contacts/read, body: {ids: "{keys}"}}
        records: results
        next: next
      key: id
      updated_at: updated
    destination:
      {sql: {url: {env: WAREHOUSE_URL}, table: contacts}, key: id, updated_at: updated_at}
"""


@dataclass(frozen=True)
class Received:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> Mapping[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def form(self) -> Mapping[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True)

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Answer:
    status: int
    body: str = '{"message": "no"}'
    headers: Mapping[str, str] = field(default_factory=dict)


Check = Callable[[Received], bool]
Grant = Callable[[Received], Answer | None]


@dataclass
class Guarded:
    """Checks each request. `grant` answers the token endpoint; None there hangs."""

    accepts: Check = lambda received: True
    grant: Grant = lambda received: Answer(404)
    url: str = ""
    refuses_with: int = 401
    faults: deque[Answer | None] = field(default_factory=deque)
    """For the next requests, one each, after the check was passed; None is no fault."""
    times: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(KEYS, "11:30:00"))
    requests: list[Received] = field(default_factory=list)
    token_requests: list[Received] = field(default_factory=list)
    clock: Callable[[], datetime] = lambda: NOW
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, received: Received) -> Answer | None:
        if received.path.endswith("/token"):
            self.token_requests.append(received)
            return self.grant(received)
        self.requests.append(received)
        if not self.accepts(received):
            return Answer(self.refuses_with, json.dumps({"echo": dict(received.headers)}))
        fault = self.faults.popleft() if self.faults else None
        return fault or Answer(200, json.dumps(self._contacts(received)))

    def _contacts(self, received: Received) -> object:
        if received.method == "POST":
            found = [self._contact(key) for key in json.loads(received.body)["ids"] if key in KEYS]
            return {"results": found}
        since, until = received.query["since"][0], received.query["until"][0]
        contacts = [self._contact(key) for key in KEYS]
        found = [contact for contact in contacts if since <= contact["updated"] < until]
        page = int(received.query.get("page", ["1"])[0])
        following = f"{self.url}{received.path}?since={since}&until={until}&page={page + 1}"
        return {"results": found[page - 1 : page], "next": following if page < len(found) else None}

    def _contact(self, key: str) -> dict[str, str]:
        return {"id": key, "updated": f"2026-03-01T{self.times[key]}Z"}


class _Handler(BaseHTTPRequestHandler):
    partner: Guarded
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        answer = self.partner.answer(Received(self.command, self.path, headers, body))
        if answer is None:
            self.partner.closing.wait(30)
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        at = format_datetime(self.partner.clock(), usegmt=True)
        length = str(len(answer.body.encode()))
        for name, value in {"Date": at, "Content-Length": length, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(answer.body.encode())

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def running(partner: Guarded) -> Iterator[Guarded]:
    """The partner, listening on a free port."""
    handler = type("Handler", (_Handler,), {"partner": partner})
    with listening(handler) as partner.url:
        try:
            yield partner
        finally:
            partner.closing.set()


def integration(partner: Guarded, auth: str, base_url: str | None = None) -> Integration:
    """The manifest with an `auth` as it is written in YAML."""
    text = MANIFEST.replace("AUTH", auth).replace("BASE", base_url or partner.url)
    fleet = load_texts({"crm.yaml": text})
    assert fleet.errors == ()
    return fleet.integrations[0]


def read(
    partner: Guarded,
    auth: str,
    given: Reading,
    *,
    base_url: str | None = None,
    token: str = SECRET,
    lookup: bool = False,
) -> list[str]:
    """The keys of all contacts, page by page, or looked up."""
    crm = integration(partner, auth, base_url)
    connection = Connection("acme", {"token": token, "user": USER})
    side = open_side(crm.syncs["contacts"].source, crm, "source", connection, given)
    if lookup:
        return [record.key for record in side.lookup(KEYS)]
    pages = side.changed(NOW.replace(hour=11), NOW)
    return [record.key for page in pages for record in page.records]
