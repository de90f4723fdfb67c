"""A side in memory, a clock that is turned by hand, and a reconciliation between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from integration_monitor.manifest.domain import Cadence, Reference, Side, SqlSide, Sync
from integration_monitor.observe.facts import connection_facts
from integration_monitor.observe.limits import Budget, Deadline
from integration_monitor.observe.reconcile import reconcile
from integration_monitor.observe.run import Reconciled, Run
from integration_monitor.observe.side import (
    Page,
    ReadError,
    Record,
    TooManyRecords,
    Totals,
    Validator,
)
from integration_monitor.observe.stretch import Sides
from integration_monitor.signals import freshness, reconciliation
from integration_monitor.signals.facts import SyncFacts
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import ledger, tables
from integration_monitor.store.coverage import Unit
from integration_monitor.store.engine import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = 1000

_PLACE = SqlSide(Reference("DATABASE_URL"), table="contacts")
SYNC = Sync(
    name="contacts",
    every=Cadence("* * * * *", "1m", timedelta(minutes=1)),
    source=Side(_PLACE, key="id", updated_at="updated_at"),
    destination=Side(_PLACE, key="id", updated_at="updated_at"),
)


@dataclass
class Clock:
    """Time that passes when it is told to."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **kinds: float) -> None:
        self.at += timedelta(**kinds)


@dataclass
class MemorySide:
    """Records by hand, with the faults of real sides on request."""

    clock: Clock
    budget: Budget
    records: list[Record] = field(default_factory=list)
    malformed: tuple[str, ...] = ()
    skew: timedelta = timedelta(0)
    error: ReadError | None = None
    lookup_error: ReadError | None = None
    name: str = "memory"
    granularity: timedelta = timedelta(milliseconds=1)
    keeps_version: bool = True
    filters_by_time: bool = True
    validator: Validator | None = None
    can_list: bool = True
    can_lookup: bool = True
    unwatched: int = 0
    max_results: int | None = None
    """The most that one query gives, as partners have it."""
    _indexed: list[Record] | None = None
    _length: int = 0
    _index: dict[str, list[Record]] = field(default_factory=dict)

    def put(self, key: str, version: datetime, tenant: str | None = None, **more: Any) -> None:
        """Insert a record, or replace the one with its key."""
        self.records = [record for record in self.records if record.key != key]
        self.records.append(Record(key, version, tenant, **more))

    def remove(self, key: str) -> None:
        self.records = [record for record in self.records if record.key != key]

    def copy_from(self, other: MemorySide) -> None:
        """What a sync does when it works."""
        self.records = list(other.records)

    def now(self) -> datetime:
        self._ask()
        return self.clock() + self.skew

    def totals(self) -> Totals:
        self._ask()
        return Totals(len(self.records), self.unwatched)

    def changed(self, start: datetime, end: datetime) -> Iterator[Page]:
        found = [r for r in self.records if r.version is not None and start <= r.version < end]
        self._ask()
        if self.max_results is not None and len(found) > self.max_results:
            raise TooManyRecords("too many for one query")
        for first in range(0, max(len(found), 1), PAGE):
            if first:
                self._ask()
            yield Page(tuple(found[first : first + PAGE]), () if first else self.malformed)

    def lookup(self, keys: Sequence[str]) -> Iterator[Record]:
        self._ask()
        if self.lookup_error is not None:
            raise self.lookup_error
        if self._indexed is not self.records or self._length != len(self.records):
            self._indexed, self._length, self._index = self.records, len(self.records), {}
            for record in self.records:
                self._index.setdefault(record.key, []).append(record)
        for key in keys:
            yield from self._index.get(key, [])

    def close(self) -> None: ...

    def _ask(self) -> None:
        self.budget.take()
        if self.error is not None:
            raise self.error


class Reconciliation:
    """One sync between two memory sides, run as often as a test likes."""

    def __init__(self, store: Store, connection: str = "-", **sync: Any) -> None:
        self.store = store
        self.clock = Clock()
        self.sync = replace(SYNC, **sync)
        self.unit = Unit("crm", self.sync.name, connection)
        self.source = MemorySide(self.clock, Budget(0))
        self.destination = MemorySide(self.clock, Budget(0))
        self.slept = 0.0

    def run(self) -> Verdict:
        """Reconcile now and judge: the verdict on reconciliation; the rest is kept beside it."""
        budget = Budget(self.sync.requests)
        self.source.budget = self.destination.budget = budget
        deadline = Deadline(timedelta(minutes=5))
        run = Run(self.unit, self.sync, self.store, self.clock, deadline, budget, sleep=self._sleep)
        self.result: Reconciled = reconcile(
            run, Sides(self.source, self.destination, self.unit.connection)
        )
        at = self.clock()
        with self.store.begin() as connection:
            found = connection_facts(
                connection, "crm", self.sync.name, [self.result], grace=self.sync.grace, now=at
            )
        self.facts = SyncFacts(found)
        until = at + timedelta(minutes=2)
        self.freshness = freshness.judge("crm", self.sync, self.facts, at=at, valid_until=until)
        return reconciliation.judge("crm", self.sync, self.facts, at=at, valid_until=until)

    def open(self) -> list[tuple[str, str, bool]]:
        """What the ledger holds open: (key, kind, whether it is a gap)."""
        with self.store.begin() as connection:
            rows = ledger.open_rows(connection, self.unit)
        return sorted((row.key, row.kind, row.is_gap) for row in rows)

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.clock.pass_(seconds=seconds)


def ago(**kinds: float) -> datetime:
    return NOON - timedelta(**kinds)


def closed_reasons(store: Store) -> list[str]:
    with store.begin() as connection:
        rows = connection.execute(
            sa.select(tables.owed.c.closed_reason)
            .where(tables.owed.c.closed_at.is_not(None))
            .order_by(tables.owed.c.key)
        )
        return list(rows.scalars())
