"""Real HTTP servers on loopback, each on a free port for as long as a block lasts."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    # A handler that hangs on purpose must not keep the tests from ending.
    daemon_threads = True
    # Of many connections at once those beyond it are tried again a second later, or in vain.
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        # Clients that give up waiting hang up; everything else is a mistake in a test.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve with this handler; the address, such as `http://127.0.0.1:40123`."""
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
