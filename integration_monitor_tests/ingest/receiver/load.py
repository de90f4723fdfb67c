"""`serve` as a process of its own, and many clients that repeat what was not acknowledged."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from integration_monitor_tests.ingest.receiver.webhook_examples import body_of, signed

CLIENTS = 64


@contextmanager
def served(environ: Mapping[str, str], *arguments: str) -> Iterator[tuple[int, str]]:
    """The process id and the address of `serve --only webhooks`; it is stopped at the end."""
    code = "from integration_monitor.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code, "serve", "--only", "webhooks", *arguments],
        env={**os.environ, **environ},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found, said + process.stderr.read()
        yield process.pid, found[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)


@dataclass
class Load:
    """What clients sent, and what they were told. Each goes on until all were to stop."""

    url: str
    acknowledged: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    stopped: bool = False

    async def run(self) -> None:
        """Until `stopped`; then every client has had its last event acknowledged."""
        limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
        async with httpx.AsyncClient(
            base_url=self.url, limits=limits, trust_env=False, timeout=20
        ) as http:
            await asyncio.gather(*(self._client(http, number) for number in range(CLIENTS)))

    async def reach(self, number: int) -> None:
        """Until so many events are acknowledged."""
        while len(self.acknowledged) < number:
            await asyncio.sleep(0.02)

    async def _client(self, http: httpx.AsyncClient, number: int) -> None:
        sent = 0
        while not self.stopped:
            name = f"evt-{number}-{sent}"
            while not await self._acknowledged(http, name):
                await asyncio.sleep(0.05)
            self.acknowledged.add(name)
            sent += 1

    async def _acknowledged(self, http: httpx.AsyncClient, name: str) -> bool:
        body = body_of({"id": name, "type": "order.paid", "text": "x" * 500})
        try:
            answer = await http.post("/webhooks/shop", content=body, headers=signed(body))
        except httpx.TransportError:
            return False
        self.answers[answer.status_code] += 1
        self.without_retry_after += (
            answer.status_code == 503 and "Retry-After" not in answer.headers
        )
        return answer.status_code == 200
