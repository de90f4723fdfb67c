"""Serving an app on a loopback port, from a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"


@contextmanager
def serving(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve the app while the block lasts; gives its URL. Port 0 takes a free one.

    Raises `OSError` where the port is in use.
    """
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    with socket.create_server((HOST, port)) as listening:
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listening]}, name="server", daemon=True
        )
        thread.start()
        try:
            yield f"http://{HOST}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=5)
