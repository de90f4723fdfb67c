"""A request's body, read from ASGI with limits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from integration_monitor.ingest.receiver.answers import Receive


class BodyError(Exception):
    """A body that is not taken: the status, why, and under which name it is counted."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail


async def read_body(
    receive: Receive,
    headers: Sequence[tuple[bytes, bytes]],
    *,
    at_most: int,
    within_s: float,
) -> bytes:
    """The raw bytes. Raises `BodyError`: too large (413), too slow (408), cut off (400).

    What is too large is not read to its end.
    """
    for name, value in headers:
        # Chunked bodies have no length; how long they are shows.
        if name == b"content-length" and (not value.isdigit() or int(value[:20]) > at_most):
            raise _too_large(at_most)
    try:
        async with asyncio.timeout(within_s):
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                body = message.get("body", b"")
                if len(body) > at_most:
                    raise _too_large(at_most)
                return bytes(body)
            return await _rest(receive, message, at_most)
    except TimeoutError:
        detail = f"the body did not arrive within {within_s:g} s"
        raise BodyError(408, "too_slow", detail) from None


async def _rest(receive: Receive, message: object, at_most: int) -> bytes:
    whole = bytearray()
    while True:
        assert isinstance(message, dict)  # noqa: S101 - ASGI says so
        if message["type"] != "http.request":
            raise BodyError(400, "cut_off", "the body is cut off")
        whole += message.get("body", b"")
        if len(whole) > at_most:
            raise _too_large(at_most)
        if not message.get("more_body"):
            return bytes(whole)
        message = await receive()


def _too_large(at_most: int) -> BodyError:
    return BodyError(413, "too_large", f"the body is larger than {at_most:,} bytes")
