"""The frame of a partner's API on loopback: real HTTP, and strict about what it is asked."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from integration_monitor_tests.loopback import listening

Json = Any


@dataclass(frozen=True)
class Request:
    """A request as it arrived, its body still as text."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    """With names in lower case."""
    text: str

    @property
    def host(self) -> str:
        return self.headers["host"].rsplit(":", 1)[0]

    @property
    def json(self) -> Json:
        return json.loads(self.text)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.text).items()}

    @property
    def parameters(self) -> dict[str, str]:
        """Query parameters that stand there once."""
        return {name: ",".join(values) for name, values in self.query.items()}


@dataclass(frozen=True)
class Response:
    status: int
    document: Json
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """What was asked is wrong; answered as the partner would."""

    def __init__(
        self, status: int, document: Json = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, document)
        self.response = Response(status, document, headers or {})


@dataclass
class Item:
    """A record of the partner."""

    key: str
    at: datetime
    """When it last changed."""
    fields: dict[str, Json] = field(default_factory=dict)


class Api(ABC):
    """A partner: what it keeps for each tenant, and how it answers."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.url = ""
        self.items: dict[str, dict[str, Item]] = {}
        self.requests: list[Request] = []
        self.refused: list[Response] = []
        self.busy = 0
        """How many of the next requests are too many."""

    def put(self, tenant: str, key: str, at: datetime, **fields: Json) -> None:
        self.items.setdefault(tenant, {})[key] = Item(key, at, fields)

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """The answer. Raises `Refused`."""

    @abstractmethod
    def too_many(self) -> Response:
        """The answer to a request over the rate limit."""

    def handle(self, request: Request) -> Response:
        self.requests.append(request)
        if self.busy:
            self.busy -= 1
            return self.too_many()
        try:
            return self.answer(request)
        except Refused as refused:
            self.refused.append(refused.response)
            return refused.response

    def asked(self, path: str) -> list[Request]:
        """The requests of one path."""
        return [request for request in self.requests if request.path == path]


def only(names: Mapping[str, object], *allowed: str, error: Callable[[str], Refused]) -> None:
    """Nothing else is there: a mistyped parameter that a partner ignores would read too much."""
    unknown = sorted(set(names) - set(allowed))
    if unknown:
        raise error(f"unknown: {', '.join(unknown)}")


def whole(text: object, least: int, most: int, *, error: Callable[[str], Refused]) -> int:
    """A whole number within bounds."""
    if not str(text).isdecimal() or not least <= int(str(text)) <= most:
        raise error(f"{text} is not between {least} and {most}")
    return int(str(text))


def oldest_first(items: Mapping[str, Item]) -> list[Item]:
    return sorted(items.values(), key=lambda item: (item.at, item.key))


def newest_first(items: Mapping[str, Item]) -> list[Item]:
    return oldest_first(items)[::-1]


def iso(at: datetime, end: str = "Z") -> str:
    """ISO 8601 in whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + end


def epoch(at: datetime) -> int:
    return int(at.timestamp())


def ids(items: Sequence[Item]) -> list[str]:
    return [item.key for item in items]


class _Handler(BaseHTTPRequestHandler):
    api: Api
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qs(parts.query, keep_blank_values=True)
        request = Request(self.command, unquote(parts.path), query, headers, text)
        response = self.api.handle(request)
        body = b"" if response.status == 304 else json.dumps(response.document).encode()
        self.send_response_only(response.status)
        self.send_header("Date", format_datetime(self.api.clock(), usegmt=True))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(api: Api) -> Iterator[Api]:
    """The API on a free port of loopback, at `api.url`."""
    handler = type("Handler", (_Handler,), {"api": api})
    with listening(handler) as api.url:
        yield api
