"""A partner on loopback whose answers are scripted, and ways to be called."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from integration_monitor_tests.loopback import listening

Answer = Callable[[BaseHTTPRequestHandler], None]
RECORDS = {"results": [{"id": 1, "email": "ann@example.com"}, {"id": 2, "email": None}]}


@dataclass
class Scripted:
    """What is answered: one by one, and `always` after that."""

    url: str = ""
    script: deque[Answer] = field(default_factory=deque)
    always: Answer | None = None
    seen: list[tuple[str, str, bytes]] = field(default_factory=list)


def answer(status: int = 200, body: object = RECORDS, **headers: str) -> Answer:
    """An answer; a body that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"content_type": "application/json", "content_length": str(len(content)), **headers}

    def send(handler: BaseHTTPRequestHandler) -> None:
        send_head(handler, status, told)
        handler.wfile.write(content)

    return send


def torn(handler: BaseHTTPRequestHandler) -> None:
    """Half of an answer."""
    send_head(handler, 200, {"content_type": "application/json", "content_length": "1000"})
    handler.wfile.write(b'{"results": [')
    handler.close_connection = True


def in_chunks(*chunks: bytes, kind: str = "application/json") -> Answer:
    """An answer of unknown length, piece by piece."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        send_head(handler, 200, {"content_type": kind, "transfer_encoding": "chunked"})
        for chunk in (*chunks, b""):
            handler.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")

    return send


def send_head(handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str]) -> None:
    """Status and headers; underscores in names stand for hyphens."""
    handler.send_response_only(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


@contextmanager
def scripted() -> Iterator[Scripted]:
    """The partner, as long as a block lasts."""
    state = Scripted(always=answer())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("content-length", 0))
            state.seen.append((self.command, self.path, self.rfile.read(length)))
            chosen = state.script.popleft() if state.script else state.always
            assert chosen is not None
            chosen(self)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with listening(Handler) as url:
        state.url = url
        yield state
