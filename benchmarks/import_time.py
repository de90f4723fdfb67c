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
    """Import in turns, and print the medians."""
    chosen = options(__doc__, repeats=9)
    (costs,) = rounds(chosen.repeats, partial(in_child, imports))
    dagster, more = median(costs, "dagster"), median(costs, "more")
    row = {"import dagster s": dagster, "ours more s": more, "at most s": AT_MOST_S}
    show([row], as_json=chosen.json)


def imports() -> Mapping[str, float]:
    """Seconds of `import dagster`, and of importing the code location after it."""
    started = time.perf_counter()
    importlib.import_module("dagster")
    between = time.perf_counter()
    importlib.import_module("integration_monitor.definitions")
    return {"dagster": between - started, "more": time.perf_counter() - between}


if __name__ == "__main__":
    main()
