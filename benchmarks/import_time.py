"""What a run's process pays to import this plugin, beside importing Dagster alone.

Each import in a fresh process, as each run has one.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping
from functools import partial

from benchmarks.measuring import in_child, median, options, rounds, show

AT_MOST_S = 0.5


def main() -> None:
    """Import several times, and print the medians."""
    chosen = options(__doc__, repeats=9)
    (costs,) = rounds(chosen.repeats, partial(in_child, imports))
    row = {
        "import dagster s": median(costs, "dagster"),
        "ours more s": median(costs, "more"),
        "at most s": AT_MOST_S,
        "ours more, processor s": median(costs, "more_processor"),
    }
    show([row], as_json=chosen.json)


def imports() -> Mapping[str, float]:
    """Seconds of `import dagster`, and of importing the code location after it."""
    started = time.perf_counter()
    importlib.import_module("dagster")
    between, busy = time.perf_counter(), time.process_time()
    importlib.import_module("integration_monitor.definitions")
    return {
        "dagster": between - started,
        "more": time.perf_counter() - between,
        "more_processor": time.process_time() - busy,
    }


if __name__ == "__main__":
    main()
