"""What the receiver is held against: a bare 200, and the least that is durable.

`python -m benchmarks.webhook_floors bare|minimal FD [STORE_URL]`
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.posting import SECRET

TABLE = """
create table if not exists floor (
    id bigint generated always as identity primary key, event_id text unique, body bytea
)
"""
INSERT = """
insert into floor (event_id, body) select * from unnest(%(ids)b::text[], %(bodies)b::bytea[])
on conflict do nothing
"""


def bare() -> Starlette:
    """Reads the body and answers."""

    async def post(request: Request) -> Response:
        await request.body()
        return Response()

    return Starlette(routes=[Route("/webhooks/{integration}", post, methods=["POST"])])


def minimal(store_url: str) -> Starlette:
    """Verifies, and stores id and body by group commit; no counts, no flags, nothing else."""
    waiting: list[tuple[str, bytes, asyncio.Future[None]]] = []
    wake = asyncio.Event()

    async def post(request: Request) -> Response:
        body = await request.body()
        made = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"sha256={made}", request.headers["x-hub-signature-256"]):
            return Response(status_code=401)
        durable = asyncio.get_running_loop().create_future()
        waiting.append((json.loads(body)["id"], body, durable))
        wake.set()
        await durable
        return Response()

    async def commit() -> None:
        connection = await psycopg.AsyncConnection.connect(store_url, autocommit=True)
        await connection.execute(TABLE)
        while True:
            await wake.wait()
            wake.clear()
            batch = waiting.copy()
            waiting.clear()
            given = {"ids": [one[0] for one in batch], "bodies": [one[1] for one in batch]}
            await connection.execute(INSERT, given)
            for *_, durable in batch:
                durable.set_result(None)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        committing = asyncio.create_task(commit())
        yield
        committing.cancel()

    routes = [Route("/webhooks/{integration}", post, methods=["POST"])]
    return Starlette(routes=routes, lifespan=lifespan)


def main() -> None:
    kind, fd, *store_url = sys.argv[1:]
    app = bare() if kind == "bare" else minimal(*store_url)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(fd))])


if __name__ == "__main__":
    main()
