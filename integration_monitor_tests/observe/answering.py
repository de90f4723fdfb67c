"""A partner on loopback whose answers are written by the test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from integration_monitor_tests.loopback import listening
from integration_monitor_tests.observe.readings import NOW


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """An answer; `text` stands for the document where it is no JSON."""

    document: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    text: bytes | None = None


Answer = Callable[[Asked], Reply]


@dataclass
class Served:
    """Where the partner listens, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    def values(self, name: str) -> list[str | None]:
        """A query parameter of every request."""
        return [asked.query.get(name) for asked in self.asked]


@contextmanager
def answering(answer: Answer) -> Iterator[Served]:
    """A partner that answers so, on a free port, with the clock of the readings."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query))
            asked = Asked(self.command, parts.path, query, body, headers)
            served.asked.append(asked)
            self._send(answer(asked))

        def _send(self, reply: Reply) -> None:
            text = json.dumps(reply.document).encode() if reply.text is None else reply.text
            self.send_response_only(reply.status)
            common = {
                "Date": format_datetime(NOW, usegmt=True),
                "Content-Type": "application/json",
                "Content-Length": str(0 if reply.status == 304 else len(text)),
            }
            for name, value in {**common, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(b"" if reply.status == 304 else text)

    with listening(Handler) as url:
        served = Served(url)
        yield served
