"""HTTP/1.1 with bounds for the head of a request, which uvicorn leaves open.

Without them one client takes all connections by sending a byte now and then, or all memory by a
header that does not end. Bodies are bounded where they are read.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_WITHIN_S = 10.0
MOST_HEAD = 64 * 1024
"""Bytes of the request line and all headers."""
LOOK_EVERY_S = 1.0
FIRST_WITHIN_S = 0.5
"""For the first request of a connection, once the server is told to end."""


class PatientProtocol(HttpToolsProtocol):
    """Patient up to a point."""

    _head_since: float | None = None
    """While a head is waited for."""
    _head_bytes = 0
    _looking: asyncio.TimerHandle | None = None
    _patience_at_end_s = FIRST_WITHIN_S

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The first head is waited for from now on."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._head_since = self.loop.time()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A part of a head, or of a body."""
        super().data_received(data)
        if self._head_since is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD and not self.transport.is_closing():
                self.send_400_response("Head of the request too large.")

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._head_since = self.loop.time()
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._head_since = None
        super().on_headers_complete()

    def shutdown(self) -> None:
        """The server ends: so do connections, after what is under way.

        On one that has just been made the request is on its way: whoever was let in is answered.
        """
        request: object = self.cycle  # uvicorn does not say that there may be none
        if request is None and self._patience_at_end_s:
            patience, self._patience_at_end_s = self._patience_at_end_s, 0.0
            self.loop.call_later(patience, self.shutdown)
        else:
            super().shutdown()

    def _look(self) -> None:
        # Once in a while for a connection costs less than a timer for each request.
        since = self._head_since
        if since is not None and self.loop.time() - since > HEAD_WITHIN_S:
            self.transport.abort()
        elif not self.transport.is_closing():
            self._looking = self.loop.call_later(LOOK_EVERY_S, self._look)
