"""The HTTP server of `serve`, which ends in time once it is told to."""

from __future__ import annotations

import os
import threading
from types import FrameType

import uvicorn

END_WITHIN_S = 20.0
"""Seconds in which all that is under way has ended by itself: requests, and their transactions."""


class AppServer(uvicorn.Server):
    """Ends its process, at the latest so long after the signal."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A thread that hangs would keep the process from ending, and nobody waits for it."""
        hanging = threading.Timer(END_WITHIN_S, os._exit, (1,))
        hanging.daemon = True
        hanging.start()
        super().handle_exit(sig, frame)
