"""What is answered, as it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from integration_monitor.ingest.receiver.answers import acknowledged


def test_what_is_added_to_one_answer_is_not_in_the_next() -> None:
    started: list[list[tuple[bytes, bytes]]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            started.append(list(message["headers"]))
            message["headers"].append((b"x-trace", b"1"))  # as middleware does

    for _ in range(2):
        asyncio.run(acknowledged(None).send(send))
    assert started == [[(b"content-length", b"0")]] * 2
