"""Bodies that arrive in pieces: how much of them is kept in memory at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from integration_monitor.ingest.receiver.body import BodyReader, Crowded


class Client:
    """Sends 60 bytes, and the last 20 when it is told to."""

    def __init__(self) -> None:
        self.sent = 0
        self.go_on = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        self.sent += 1
        if self.sent == 1:
            return {"type": "http.request", "body": b"x" * 60, "more_body": True}
        await self.go_on.wait()
        return {"type": "http.request", "body": b"x" * 20}


def test_clients_that_all_send_slowly_do_not_fill_the_memory() -> None:
    async def told() -> None:
        reader = BodyReader(at_most=100, within_s=60, arriving=150)
        clients = [Client(), Client()]
        waiting = [asyncio.create_task(reader.read(one.receive, {})) for one in clients]
        await asyncio.sleep(0)
        with pytest.raises(Crowded):
            await reader.read(Client().receive, {})
        for one in clients:
            one.go_on.set()
            await asyncio.sleep(0)
        assert [len(body) for body in await asyncio.gather(*waiting)] == [80, 80]
        late = Client()
        late.go_on.set()
        assert len(await reader.read(late.receive, {})) == 80

    asyncio.run(told())
