"""`serve` as a process of its own, and many clients that repeat what was not acknowledged."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import httpx

from integration_monitor_tests.ingest.receiver.webhook_examples import body_of, signed

CLIENTS = 64


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
