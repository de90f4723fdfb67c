"""The HTTP server of `serve`, which cuts nobody off at its end, and ends in time."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import FrameType

import uvicorn

from integration_monitor.ingest.patient_protocol import PatientProtocol
from integration_monitor.supervised import END_WITHIN_S


class AppServer(uvicorn.Server):
    """Ends its process, at the latest so long after the signal."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A thread that hangs would keep the process from ending, and nobody waits for it."""
        hanging = threading.Timer(END_WITHIN_S, os._exit, (1,))
        hanging.daemon = True
        hanging.start()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Who is connected already is answered; closing the sockets would cut them off."""
        loop = asyncio.get_running_loop()
        # Nothing may be awaited between the last of them and the closing of the sockets.
        entering = [
            asyncio.ensure_future(loop.connect_accepted_socket(self._protocol, one))
            for one in _queued(sockets or ())
        ]
        await super().shutdown(sockets)
        await asyncio.gather(*entering, return_exceptions=True)

    def _protocol(self) -> PatientProtocol:
        protocol = PatientProtocol(self.config, self.server_state, self.lifespan.state)
        protocol.shutdown()  # what holds for the others holds for these
        return protocol


def _queued(sockets: Sequence[socket.socket]) -> Iterator[socket.socket]:
    for listening in sockets:
        with suppress(OSError):  # none is left, or no more can be taken
            while True:
                connection, _ = listening.accept()
                connection.setblocking(False)
                yield connection
