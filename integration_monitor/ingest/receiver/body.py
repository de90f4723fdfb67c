"""A request's body, read from ASGI with limits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from typing import Any

from integration_monitor.ingest.receiver.answers import Receive


class BodyError(Exception):
    """A body that is not taken: the status, why, and under which name it is counted."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail


class Crowded(Exception):
    """Too many bodies arrive at once. Nobody knows yet whose they are."""


class BodyReader:
    """Reads the bodies of one event loop, on which `watch` has to be running."""

    def __init__(self, *, at_most: int, within_s: float, arriving: int) -> None:
        """`arriving`: the most bytes of bodies, together, of which more is to come."""
        self._at_most = at_most
        self._most_arriving = arriving
        self._arriving = 0
        self._within_s = within_s
        self._since: dict[asyncio.Task[Any], float] = {}

    async def read(self, receive: Receive, headers: Mapping[str, str]) -> bytes:
        """The raw bytes; `headers` by lower-case names. What is too large is not read to its end.

        Raises `BodyError`: too large (413), too slow (408), cut off (400); and `Crowded` where too
        many arrive at once.
        """
        length = headers.get("content-length")
        # Chunked bodies have no length; how long they are shows.
        if length is not None and not self._allows(length):
            raise self._too_large()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a request is one
        self._since[task] = asyncio.get_running_loop().time()
        try:
            message = await receive()
            if message.get("more_body") or message["type"] != "http.request":
                return await self._rest(receive, message)
            body = bytes(message["body"])
            if len(body) > self._at_most:
                raise self._too_large()
            return body
        except asyncio.CancelledError:
            if task in self._since:
                raise
            task.uncancel()
            detail = f"the body did not arrive within {self._within_s:g} s"
            raise BodyError(408, "too_slow", detail) from None
        finally:
            self._since.pop(task, None)

    async def watch(self) -> None:
        """End what takes too long. One look at all costs less than a timer for each request."""
        while True:
            await asyncio.sleep(self._within_s / 10)
            late = asyncio.get_running_loop().time() - self._within_s
            for task in [task for task, since in self._since.items() if since < late]:
                del self._since[task]
                task.cancel()

    async def _rest(self, receive: Receive, message: MutableMapping[str, Any]) -> bytes:
        whole = bytearray()
        try:
            while True:
                if message["type"] != "http.request":
                    raise BodyError(400, "cut_off", "the body is cut off")
                whole += message["body"]
                self._arriving += len(message["body"])
                if len(whole) > self._at_most:
                    raise self._too_large()
                if self._arriving > self._most_arriving:
                    raise Crowded("too much is arriving")
                if not message.get("more_body"):
                    return bytes(whole)
                message = await receive()
        finally:
            self._arriving -= len(whole)

    def _allows(self, length: str) -> bool:
        return length.isascii() and length.isdigit() and int(length[:20]) <= self._at_most

    def _too_large(self) -> BodyError:
        return BodyError(413, "too_large", f"the body is larger than {self._at_most:,} bytes")
