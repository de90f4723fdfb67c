"""A recorder in memory, a store that goes away on command, and manifests to watch by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from integration_monitor.ingest.counters import Counters
from integration_monitor.ingest.recorder import Recorder
from integration_monitor.ingest.spill import Spill
from integration_monitor.store.call_batch import Batch, CallCount, Exemplar
from integration_monitor.store.engine import StoreError

NOON = 1_772_366_400.0
"""2026-03-01 12:00 UTC."""
NEVER = timedelta(days=1)
"""The interval of a recorder that is flushed by hand."""

MANIFEST = """
version: 1
integration: crm
owner: {name: Owner of CRM integrations, email: crm-owner@example.com}
partner: {base_url: "http://127.0.0.1/api"}
endpoints:
  contacts: {path: /v1/contacts}
  contact: {path: "/v1/contacts/{id}"}
"""


@dataclass
class Seconds:
    """A clock that is turned by hand."""

    at: float = NOON

    def __call__(self) -> float:
        return self.at


@dataclass
class MemorySink:
    """A store that takes each batch once, while it is there."""

    batches: list[Batch] = field(default_factory=list)
    away: bool = False
    forgetful: int = 0
    """So many batches are stored without the store saying so."""

    def add(self, batch: Batch) -> None:
        if self.away:
            raise StoreError("the store does not answer: connection refused")
        if batch.id not in {one.id for one in self.batches}:
            self.batches.append(batch)
        if self.forgetful:
            self.forgetful -= 1
            raise StoreError("the connection to the store was lost")

    def forked(self) -> None:
        pass

    @property
    def counts(self) -> list[CallCount]:
        return [count for batch in self.batches for count in batch.counts]

    @property
    def exemplars(self) -> list[Exemplar]:
        return [one for batch in self.batches for one in batch.exemplars]

    @property
    def calls(self) -> int:
        return sum(count.calls for count in self.counts)

    @property
    def dropped(self) -> int:
        return sum(batch.dropped for batch in self.batches)

    def by(self, *names: str) -> Counter[tuple[object, ...]]:
        """Calls by some of their properties."""
        return calls_by(self.counts, *names)


def calls_by(counts: Iterable[CallCount], *names: str) -> Counter[tuple[object, ...]]:
    """Calls by some of their properties."""
    found: Counter[tuple[object, ...]] = Counter()
    for count in counts:
        found[tuple(getattr(count, name) for name in names)] += count.calls
    return found


def recorder(
    sink: MemorySink,
    directory: Path,
    *,
    clock: Seconds | None = None,
    counters: Counters | None = None,
    most_bytes: int = 64 * 1024 * 1024,
) -> Recorder:
    """One that stores when it is told to."""
    spill = Spill(directory, "calls", most_bytes)
    return Recorder(sink, spill, interval=NEVER, clock=clock or Seconds(), counters=counters)


def manifests(directory: Path, text: str = MANIFEST, name: str = "crm.yaml") -> Path:
    """A directory with one manifest."""
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(text)
    return directory
