"""`webhooks process`: read what was received and hand it on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.context import (
    OK,
    WRONG,
    Directory,
    clear_errors,
    environment,
    manifest_directory,
    opened_store,
    progress,
)

if TYPE_CHECKING:
    from integration_monitor.ingest.processing.processor import Processed

EVERY_S = 10.0
PATIENCE = timedelta(seconds=60)
"""No statement takes so long, unless very much is given up at once."""


def process(
    once: Annotated[
        bool, typer.Option("--once", help="Only what is due now, instead of until Ctrl-C.")
    ] = False,
    directory: Directory = None,
) -> None:
    """Read events that were received, and hand them on to the sinks of their manifests.

    Any number of these may run at once. `serve` runs one of its own. With `--once` the exit code
    says whether all that was due could be handed on.
    """
    from integration_monitor.ingest.processing.processor import Processor
    from integration_monitor.ingest.watched_fleet import WatchedFleet
    from integration_monitor.local_processes import Stopped, stop_signals

    environ = environment()
    with clear_errors():
        fleet = WatchedFleet(manifest_directory(directory, environ))
        with opened_store(environ, patience=PATIENCE) as store:
            broken = fleet.current().broken
            for manifest in broken:
                lines = "\n  ".join(map(str, manifest.errors))
                progress(f"{manifest.file} is broken, its webhooks wait:\n  {lines}")
            processor = Processor(store, fleet.current, environ)
            report = Report(progress, every_s=0 if once else EVERY_S)
            try:
                with stop_signals():
                    if once:
                        processor.once()
                    else:
                        progress("processing webhooks; Ctrl-C stops it")
                        processor.run(report)
            except Stopped:
                progress("stopping")
            finally:
                processor.stop()
            report(processor.taken(), at_once=True)
    raise typer.Exit(WRONG if once and (report.failed or broken) else OK)


class Report:
    """Says what was done, a line each of what did something, not more often than bearable."""

    def __init__(
        self,
        say: Callable[[str], None],
        *,
        every_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.failed = False
        self._say = say
        self._every_s = every_s
        self._clock = clock
        self._said_at = clock()
        self._done: dict[str, Counter[str]] = {}
        self._trouble: Mapping[str, str] = {}

    def __call__(self, done: Processed, *, at_once: bool = False) -> None:
        self._tell_trouble({str(lane): why for lane, why in done.trouble.items()})
        for name, numbers in _numbers(done):
            if not any(numbers.values()):
                continue
            self.failed = self.failed or bool(numbers.get("failed") or numbers["dead"])
            self._done.setdefault(name, Counter()).update(numbers)
        now = self._clock()
        if self._done and (at_once or now - self._said_at >= self._every_s):
            for name, numbers in sorted(self._done.items()):
                self._say(f"{name}: {_said(numbers)}")
            self._done.clear()
            self._said_at = now

    def _tell_trouble(self, trouble: Mapping[str, str]) -> None:
        self.failed = self.failed or bool(trouble)
        for lane, why in trouble.items():
            if self._trouble.get(lane) != why:
                self._say(f"{lane}: down, {why}; it is tried from time to time")
        for lane in self._trouble:
            if lane not in trouble:
                self._say(f"{lane}: takes events again")
        self._trouble = trouble


def _numbers(done: Processed) -> Iterator[tuple[str, Mapping[str, int]]]:
    for name, queued in done.queued.items():
        yield name, {"read": queued.read, "dead": queued.dead, "not named": queued.unnamed}
    for lane, handed in done.handed.items():
        yield (
            str(lane),
            {"delivered": handed.delivered, "failed": handed.failed, "dead": handed.dead},
        )


def _said(numbers: Mapping[str, int]) -> str:
    from integration_monitor.signals.wording import number

    return ", ".join(f"{number(n)} {what}" for what, n in numbers.items() if n)
