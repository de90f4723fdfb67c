"""`python -m integration_monitor.supervised COMMAND …`: a command that ends with its parent."""

from __future__ import annotations

import os
import signal
import threading
import time

END_WITHIN_S = 20.0
"""Seconds for what is under way, after which a process ends hard: its parent sees to it, or it
does itself."""


def _end_with_parent() -> None:
    """The parent holds the other end of our standard input, and lets go of it however it ends."""
    while os.read(0, 1024):  # not through `sys.stdin`, whose lock an ending interpreter wants
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_WITHIN_S)
    os._exit(1)


def main() -> None:
    """Run the command."""
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    from integration_monitor.cli import main as run

    run()


if __name__ == "__main__":
    main()
