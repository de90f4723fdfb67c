"""An app on a real server on loopback, for as long as a block lasts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from integration_monitor.ingest.patient_protocol import PatientProtocol


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """The app's address, such as `http://127.0.0.1:40123`."""
    config = uvicorn.Config(app, http=PatientProtocol, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
