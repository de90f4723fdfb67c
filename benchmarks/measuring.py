"""What the benchmarks share: work in a process of its own, medians, a table or JSON."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TypeVar

Row = Mapping[str, object]
Figures = TypeVar("Figures", bound=Mapping[str, float])


@dataclass(frozen=True)
class Cost:
    """What a piece of work took, in a process that did nothing else."""

    figures: Mapping[str, float]
    """Whatever the work measured itself."""
    seconds: float
    peak_mb: float
    """The most memory that the process ever held, its imports included."""


class WorkFailed(Exception):
    """The process of a benchmark ended without a result; it has said why."""


def in_child(work: Callable[..., Mapping[str, float]], *arguments: Any) -> Cost:
    """Run `work(*arguments)` in a fresh process; `work` is a function of a module.

    Keep this process small: Linux counts what a parent holds as its child's peak. Raises
    `WorkFailed`.
    """
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_report, args=(sending, work, arguments))
    child.start()
    sending.close()
    try:
        figures, seconds, peak_mb = receiving.recv()
    except EOFError:
        raise WorkFailed(work.__name__) from None
    finally:
        child.join()
    return Cost(figures, seconds, peak_mb)


def rounds(repeats: int, *works: Callable[[], Cost]) -> list[list[Cost]]:
    """Each work so many times, in turns, so that a busy moment of the machine meets all of them."""
    costs: list[list[Cost]] = [[] for _ in works]
    for _ in range(repeats):
        for done, work in zip(costs, works, strict=True):
            done.append(work())
    return costs


def median(costs: Iterable[Cost], figure: str | None = None) -> float:
    """The median of the seconds, or of one of the figures."""
    return statistics.median(c.figures[figure] if figure else c.seconds for c in costs)


def peak_mb(costs: Iterable[Cost]) -> float:
    """The highest of the peaks."""
    return max(cost.peak_mb for cost in costs)


def options(description: str | None, **defaults: int) -> argparse.Namespace:
    """The command line: `--json`, and a whole number for each default."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="an object a line instead of a table")
    for name, default in defaults.items():
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=int, default=default, help=f"default: {default}")
    return parser.parse_args()


def show(rows: Sequence[Row], *, as_json: bool) -> None:
    """Print rows with the same keys as a markdown table, or each as a JSON object."""
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    print(f"| {' | '.join(rows[0])} |")
    print("|---" * len(rows[0]) + "|")
    for row in rows:
        print(f"| {' | '.join(_text(value) for value in row.values())} |")


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}" if value < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _report(
    sending: Connection, work: Callable[..., Mapping[str, float]], arguments: Sequence[Any]
) -> None:
    started = time.perf_counter()
    figures = work(*arguments)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sending.send((figures, seconds, peak))
