"""A light sender of webhooks: raw requests over connections that are kept open, ready beforehand.

Run as a process of its own: `python -m benchmarks.posting URL`, sizes as flags; prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import statistics
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import cast
from urllib.parse import urlsplit

import uvloop

SECRET = "bench"
BODY_BYTES = 1200


class Connection(asyncio.Protocol):
    """One of the senders: the next request when the answer to the last one is there."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._sender.free(self)

    def send(self, request: bytes, due: float) -> None:
        """`due`: when it was to be sent; waiting for a free connection counts."""
        self._sent_at = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        # Answers are small, and come whole.
        if not data.startswith(b"HTTP/1.1 200"):
            self._sender.fail(data.decode(errors="replace"))
        self._sender.took.append(time.perf_counter() - self._sent_at)
        self._sender.free(self)


class Sender:
    """Sends all requests: as fast as they are answered, or at a fixed rate."""

    def __init__(self, requests: Sequence[bytes], rate: int) -> None:
        self.took: list[float] = []
        self._requests = iter(requests)
        self._left = len(requests)
        self._rate = rate
        self._idle: deque[Connection] = deque()
        self._overdue: deque[float] = deque()
        self._done = asyncio.Event()
        self._wrong = ""

    def free(self, connection: Connection) -> None:
        """A connection waits for work."""
        if self._rate:
            if self._overdue:
                connection.send(next(self._requests), self._overdue.popleft())
            else:
                self._idle.append(connection)
        else:
            request = next(self._requests, None)
            if request is not None:
                connection.send(request, time.perf_counter())
        if len(self.took) == self._left:
            self._done.set()

    def fail(self, answer: str) -> None:
        """End with an answer that is no 200."""
        self._wrong = answer
        self._done.set()

    async def run(self, host: str, port: int, connections: int) -> float:
        """Seconds that all of it took."""
        loop = asyncio.get_running_loop()
        started = time.perf_counter()
        for _ in range(connections):
            await loop.create_connection(lambda: Connection(self), host, port)
        if self._rate:
            await self._pace()
        await self._done.wait()
        if self._wrong:
            raise SystemExit(self._wrong)
        return time.perf_counter() - started

    async def _pace(self) -> None:
        due = time.perf_counter()
        for _ in range(self._left):
            due += 1 / self._rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if self._idle:
                # In turns: a server closes a connection that is idle for seconds.
                self._idle.popleft().send(next(self._requests), due)
            else:
                self._overdue.append(due)


def requests(number: int, path: str) -> Iterator[bytes]:
    """Signed as GitHub does, each with an id of its own."""
    mark = hashlib.sha256(str(time.time_ns()).encode()).hexdigest()[:12]
    for count in range(number):
        event = {"id": f"{mark}-{count}", "type": "contact.updated", "portal": count % 50}
        event |= {"occurred_at": "2026-11-02T09:30:00Z", "object": {"id": count % 1000}}
        event |= {"text": "x" * (BODY_BYTES - len(json.dumps(event)) - 12)}
        body = json.dumps(event).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        yield (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"User-Agent: partner/1.0\r\nX-Hub-Signature-256: sha256={signature}\r\n"
            f"X-Delivery: {mark}-{count}\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--number", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rate", type=int, default=0, help="a second; 0: as fast as they go")
    given = parser.parse_args()
    url = urlsplit(given.url)
    sender = Sender(list(requests(given.number, url.path)), given.rate)
    seconds = uvloop.run(sender.run(url.hostname or "", url.port or 0, given.connections))
    ranked = statistics.quantiles(sender.took, n=1000)
    figures = {"number": given.number, "rate": given.number / seconds}
    figures |= {"p50": ranked[499] * 1e3, "p99": ranked[989] * 1e3}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
