"""The process that measures the replayed hour: `python -m …demo.history_main DIRECTORY`.

It is led like the company's process: `measure TIME` as often as wanted, then `finish TIME`.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime

import dagster as dg

from integration_monitor.demo.history import History
from integration_monitor.demo.led import say
from integration_monitor.manifest.load import load_directory
from integration_monitor.store.engine import open_store, store_url


def main() -> None:
    """Measure and report what the standard input says."""
    fleet = load_directory(sys.argv[1])
    store = open_store(store_url(os.environ))
    with dg.DagsterInstance.get() as instance:
        history = History(fleet, store, instance, os.environ)
        say("ready")
        for line in sys.stdin:
            verb, _, time_text = line.strip().partition(" ")
            if verb == "measure":
                history.measure(datetime.fromisoformat(time_text))
            elif verb == "finish":
                history.finish(datetime.fromisoformat(time_text))
            say("ok")
    store.dispose()


if __name__ == "__main__":
    main()
