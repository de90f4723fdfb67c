"""Reading one stretch of a source and looking every record of it up at the destination."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import SINGLE
from integration_monitor.observe.limits import Budget
from integration_monitor.observe.matching import Match, finest, match
from integration_monitor.observe.pieces import PIECE_RECORDS, pieces
from integration_monitor.observe.side import OpenSide, Page, Record, TooManyRecords
from integration_monitor.store.ledger import OWED_ROWS, Sighting
from integration_monitor.store.stretches import EXAMPLES

_SECOND = timedelta(seconds=1)

Counted = tuple[datetime, datetime]
"""The half-open range of versions that were not counted by an earlier run."""


@dataclass
class Precision:
    """The finest precisions seen so far at both sides, in microseconds."""

    source_us: int | None = None
    destination_us: int | None = None

    def learn(self, pair: Sides, source: list[Record], destination: list[Record]) -> None:
        self.source_us = finest(
            (r.version for r in source), self.source_us, pair.source.granularity
        )
        self.destination_us = finest(
            (r.version for r in destination), self.destination_us, pair.destination.granularity
        )

    @property
    def coarser_us(self) -> int:
        return max(self.source_us or 1, self.destination_us or 1)


@dataclass
class Known:
    """What is on record already: reading it again enters nothing, and counts nothing twice."""

    ranges: list[tuple[datetime, datetime]] = field(default_factory=list)
    """Half-open ranges of versions that were accepted as lost, or are kept as owed stretches."""
    versions: set[tuple[str, str, datetime | None]] = field(default_factory=set)
    """(key, tenant, version) of open rows of the ledger."""
    keeps_stretches: bool = False
    """A record without a version may be in any of the owed stretches: they are read again."""

    def covers(self, record: Record, tenant: str) -> bool:
        version = record.version
        if version is None and self.keeps_stretches:
            return True
        if version is not None and any(start <= version < end for start, end in self.ranges):
            return True
        return (record.key, tenant, version) in self.versions


@dataclass(frozen=True)
class Sides:
    """Both ends of a sync, opened for one connection, and how their times compare."""

    source: OpenSide
    destination: OpenSide
    label: str
    """The tenant's name where a record has none: the connection's."""
    precision: Precision = field(default_factory=Precision)
    known: Known = field(default_factory=Known)

    def match(self, record: Record, found: list[Record]) -> Match:
        return match(
            record.version,
            record.tenant,
            found,
            keeps_version=self.source.keeps_version and self.destination.keeps_version,
            precision_us=self.precision.coarser_us,
            own_keys=self.label != SINGLE,
        )

    def at_destination(self, keys: list[str]) -> dict[str, list[Record]]:
        """The destination's rows under each of these keys."""
        return _by_key(self.destination, keys)

    def at_source(self, keys: list[str]) -> dict[str, list[Record]]:
        """The source's records under each of these keys."""
        return _by_key(self.source, keys)


@dataclass
class Stretch:
    """What one stretch `[start, end)` of the source holds, and what of it is owed."""

    start: datetime
    end: datetime
    owed: list[Sighting] = field(default_factory=list)
    """The owed records, at most `OWED_ROWS`: see `overflows`."""
    owed_by_tenant: Counter[str] = field(default_factory=Counter)
    oldest_owed: datetime | None = None
    examples: list[tuple[str, str]] = field(default_factory=list)
    volumes: Counter[tuple[str, datetime]] = field(default_factory=Counter)
    keys: list[str] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)
    """Keys whose version is at the destination."""
    malformed: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    read: int = 0
    watermark: datetime | None = None
    destination_watermark: datetime | None = None
    load_lags_s: list[float] = field(default_factory=list)

    @property
    def overflows(self) -> bool:
        """More is owed than is kept by record."""
        return self.owed_by_tenant.total() > len(self.owed)


def stretches(
    sides: Sides,
    start: datetime,
    end: datetime,
    *,
    window: timedelta,
    counted: Counted | None,
    budget: Budget,
) -> Iterator[Stretch]:
    """Read `[start, end)` in stretches of at most `window`, shorter where one is too large.

    A source that cannot filter by time is read as one stretch, whatever it holds.
    Records with a version within `counted` are counted as expected. Raises `ReadError`.
    """

    def read(first: datetime, last: datetime) -> Stretch:
        return _read(sides, first, last, counted)

    granularity = sides.source.granularity
    longest = window if sides.source.filters_by_time else None
    return pieces(read, start, end, longest=longest, granularity=granularity, budget=budget)


def _read(sides: Sides, start: datetime, end: datetime, counted: Counted | None) -> Stretch:
    stretch = Stretch(start, end)
    # A bulk change gives thousands of records one time: a second of it is read as it is.
    divisible = sides.source.filters_by_time and end - start >= 2 * max(
        sides.source.granularity, _SECOND
    )
    for page in sides.source.changed(start, end):
        _take(stretch, sides, page, counted)
        if divisible and stretch.read > PIECE_RECORDS:
            raise TooManyRecords(f"more than {PIECE_RECORDS} records in one stretch")
    return stretch


def _take(stretch: Stretch, sides: Sides, page: Page, counted: Counted | None) -> None:
    records = list(page.records)
    stretch.malformed.update(page.malformed)
    stretch.read += len(records)
    if not records:
        return
    found = sides.at_destination(sorted({record.key for record in records}))
    sides.precision.learn(sides, records, [row for rows in found.values() for row in rows])
    for record in records:
        _enter(stretch, sides, record, found.get(record.key, []), counted)


def _enter(
    stretch: Stretch,
    sides: Sides,
    record: Record,
    found: list[Record],
    counted: Counted | None,
) -> None:
    tenant = record.tenant or sides.label
    result = sides.match(record, found)
    stretch.keys.append(record.key)
    stretch.duplicates += result.duplicates
    stretch.watermark = _later(stretch.watermark, record.version)
    stretch.destination_watermark = _later(stretch.destination_watermark, result.found_version)
    if counted and record.version and counted[0] <= record.version < counted[1]:
        stretch.volumes[tenant, record.version.replace(minute=0, second=0, microsecond=0)] += 1
    if result.owes is not None:
        if not sides.known.covers(record, tenant):
            _owe(stretch, record, tenant, result)
        return
    stretch.paid.append(record.key)
    if result.loaded_at is not None and record.version is not None:
        stretch.load_lags_s.append((result.loaded_at - record.version).total_seconds())


def _owe(stretch: Stretch, record: Record, tenant: str, result: Match) -> None:
    assert result.owes is not None  # noqa: S101 - the caller asked
    stretch.owed_by_tenant[tenant] += 1
    stretch.oldest_owed = min(filter(None, (stretch.oldest_owed, record.version)), default=None)
    if len(stretch.examples) < EXAMPLES:
        stretch.examples.append((tenant, record.key))
    if len(stretch.owed) < OWED_ROWS:
        stretch.owed.append(
            Sighting(
                record.key,
                record.version,
                tenant,
                result.owes,
                result.found_tenant,
                result.found_version,
            )
        )


def _by_key(side: OpenSide, keys: list[str]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    if keys:
        for record in side.lookup(keys):
            found.setdefault(record.key, []).append(record)
    return found


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or (other is not None and other > one):
        return other
    return one
