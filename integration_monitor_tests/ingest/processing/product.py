"""A product that takes unified events over real HTTP, and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from integration_monitor_tests.loopback import listening

Answer = int | tuple[int, Mapping[str, str]]


@dataclass
class Posted:
    """A request that came."""

    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Product:
    """`answer` says what each event is answered with."""

    url: str = ""
    answer: Callable[[dict[str, Any]], Answer] = lambda event: 204
    posted: list[Posted] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    @property
    def taken(self) -> list[str]:
        """The partner's ids of the events that were taken, in their order."""
        return [each.event["raw"]["id"] for each in self.posted if each.status < 300]

    @property
    def tried(self) -> list[str]:
        """The partner's ids of all events that came."""
        return [each.event["raw"]["id"] for each in self.posted]


@contextmanager
def product() -> Iterator[Product]:
    state = Product()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body in two packets would wait for each other.
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.came.set()
            answer = state.answer(json.loads(body))
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            with lock:
                told = {name.lower(): value for name, value in self.headers.items()}
                state.posted.append(Posted(told, body, status))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as url:
        state.url = f"{url}/events"
        yield state
