"""A request's body, read with limits, whether or not its length was declared."""

from __future__ import annotations

import asyncio

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect


async def read_json_body(request: Request, *, at_most: int, within_s: float) -> bytes:
    """The body of a request that says it is JSON, of at most so many bytes.

    Raises the answer otherwise: 415 for another type or an encoding, 413 for too many bytes, 408
    for a sender that is too slow. Another type is refused for a reason: a browser sends JSON to
    another site only after asking.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != (
        "application/json"
    ):
        raise HTTPException(415, "send the header `Content-Type: application/json`")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "send the body without Content-Encoding")
    if _declared(request) > at_most:
        raise _too_large(at_most)
    try:
        async with asyncio.timeout(within_s):
            return await _read(request, at_most)
    except TimeoutError:
        raise HTTPException(408, f"the body did not arrive within {within_s:g} s") from None
    except ClientDisconnect:
        raise HTTPException(400, "the body is cut off") from None


async def _read(request: Request, at_most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > at_most:
            raise _too_large(at_most)
    return bytes(body)


def _declared(request: Request) -> int:
    """The length that the sender says, 0 for none; chunked bodies say none."""
    text = request.headers.get("content-length", "")
    return int(text[:20]) if text.isascii() and text.isdigit() else 0


def _too_large(at_most: int) -> HTTPException:
    # What is still under way is not read: the connection cannot be used again.
    return HTTPException(
        413, f"the body is larger than {at_most:,} bytes: send several", {"Connection": "close"}
    )
