"""`POST /v1/calls`: calls to partners from any language."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from integration_monitor.ingest.bearer import BearerGuard
from integration_monitor.ingest.body import read_json_body
from integration_monitor.ingest.call_event import (
    ReadCalls,
    Taken,
    UnreadableBatch,
    json_schema,
    read_calls,
)

_SAYS = """Takes a batch of calls. Each invalid event is reported by its index, with the field and
the reason, and the valid ones are taken. The same `source` and `batch_id` again do not count again,
so a batch is repeated as it is after an error or without an answer; corrected events are sent in
another one."""


@dataclass(frozen=True)
class Limits:
    """What one request may ask of the server."""

    bytes: int = 8 * 1024 * 1024
    within_s: float = 30
    """Seconds for a body to arrive."""
    at_once: int = 16
    """Bodies that are held at one time; further ones are not read yet."""


TakeCalls = Callable[[ReadCalls], Taken]
"""Stores a batch. Raises `StoreError`, and then nothing of it is stored."""


def calls_router(take: TakeCalls, *, guard: BearerGuard, limits: Limits = Limits()) -> APIRouter:
    """The route, for whom the guard lets in."""
    router = APIRouter(tags=["calls"])
    places = asyncio.Semaphore(limits.at_once)

    @router.post(
        "/v1/calls",
        summary="Report calls",
        description=" ".join(_SAYS.splitlines()),
        dependencies=[Depends(guard)],
        response_model=Taken,
        responses=_ANSWERS,
        openapi_extra={"requestBody": _request_body()},
    )
    async def post_calls(request: Request) -> JSONResponse:
        async with places:
            body = await read_json_body(request, at_most=limits.bytes, within_s=limits.within_s)
            return await run_in_threadpool(_answer, body, take)

    return router


_ANSWERS: dict[int | str, dict[str, object]] = {
    400: {"description": "The body is not JSON."},
    401: {"description": "The token is missing or wrong."},
    413: {"description": "The body is too large."},
    415: {"description": "The body is not said to be JSON."},
    422: {"description": "Not a batch, too many events, or no event of it is valid."},
    503: {"description": "The store is away: nothing was taken; send it again."},
}


def _request_body() -> dict[str, object]:
    return {"required": True, "content": {"application/json": {"schema": json_schema()}}}


def _answer(body: bytes, take: TakeCalls) -> JSONResponse:
    try:
        read = read_calls(body)
    except UnreadableBatch as error:
        return JSONResponse({"detail": str(error)}, status_code=422 if error.is_json else 400)
    taken = take(read)
    status = 422 if taken.rejected and not (taken.accepted or taken.duplicate) else 200
    return JSONResponse(taken.model_dump(), status_code=status)
