"""A light sender of webhooks: raw requests over connections that are kept open, ready beforehand.

Run as a process of its own: `python -m benchmarks.posting URL`, sizes as flags; prints JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import select
import socket
import statistics
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from urllib.parse import urlsplit

SECRET = "bench"
BODY_BYTES = 1200
_TICK_S = 0.0002
"""At a fixed rate; a poll waits for whole milliseconds."""


class Sender:
    """Sends all requests: as fast as they are answered, or at a fixed rate.

    Over bare sockets, without an event loop of Python's: what the sender takes of the machine is
    what the server misses.
    """

    def __init__(self, requests: Sequence[bytes], rate: int) -> None:
        self.took: list[float] = []
        self._requests = requests
        self._rate = rate
        self._sent = 0
        self._idle: deque[socket.socket] = deque()
        self._due_at: dict[socket.socket, float] = {}
        self._started_at = 0.0

    def run(self, address: tuple[str, int], connections: int) -> float:
        """Seconds that all of it took."""
        with ExitStack() as stack, select.epoll() as ready:
            by_fd = {}
            for _ in range(connections):
                one = stack.enter_context(socket.create_connection(address))
                by_fd[one.fileno()] = one
                ready.register(one, select.EPOLLIN)
            self._idle.extend(by_fd.values())
            self._started_at = time.perf_counter()
            while len(self.took) < len(self._requests):
                self._send_due()
                if self._rate:
                    time.sleep(_TICK_S)
                for fd, _ in ready.poll(0 if self._rate else None):
                    self._take(by_fd[fd])
                    self._send_due()
            return time.perf_counter() - self._started_at

    def _send_due(self) -> None:
        """What is to be sent by now, over the connections that are idle for longest.

        A server closes one that is idle for seconds.
        """
        while self._idle and self._sent < len(self._requests):
            due_at = self._next_at()
            if due_at > time.perf_counter():
                return
            one = self._idle.popleft()
            # Waiting for a connection since then counts.
            self._due_at[one] = due_at
            one.sendall(self._requests[self._sent])
            self._sent += 1

    def _take(self, one: socket.socket) -> None:
        """An answer: they are small, and come whole."""
        data = one.recv(65536)
        if not data.startswith(b"HTTP/1.1 200"):
            raise SystemExit(data.decode(errors="replace") or "the server hung up")
        self.took.append(time.perf_counter() - self._due_at[one])
        self._idle.append(one)

    def _next_at(self) -> float:
        if not self._rate:
            return time.perf_counter()
        return self._started_at + self._sent / self._rate


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
    seconds = sender.run((url.hostname or "", url.port or 0), given.connections)
    ranked = statistics.quantiles(sender.took, n=1000)
    figures = {"number": given.number, "rate": given.number / seconds}
    figures |= {"p50": ranked[499] * 1e3, "p99": ranked[989] * 1e3}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
