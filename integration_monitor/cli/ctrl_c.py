"""Ctrl-C in a command that goes on until then."""

from __future__ import annotations

import signal
import time
from datetime import timedelta
from types import FrameType
from typing import Self


class CtrlC:
    """Within the block, Ctrl-C ends a `wait` and is `pressed`; what goes on is finished before.

    An interrupt in the midst of a library's work may be swallowed there. The second one is not
    held back: it raises `KeyboardInterrupt` wherever the program is.
    """

    def __init__(self) -> None:
        self.pressed = False
        self._waiting = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def wait(self, duration: timedelta) -> None:
        """Wait so long, or until it is pressed."""
        try:
            self._waiting = True
            if not self.pressed:
                time.sleep(duration.total_seconds())
        except KeyboardInterrupt:
            pass
        finally:
            self._waiting = False

    def _press(self, number: int, _frame: FrameType | None) -> None:
        signal.signal(number, self._before)
        self.pressed = True
        if self._waiting:
            raise KeyboardInterrupt
