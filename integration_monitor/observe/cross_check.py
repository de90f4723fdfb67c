"""What keys alone do not show: records that only the destination has, and totals that differ."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from integration_monitor.observe.pieces import pieces
from integration_monitor.observe.run import Reconciled, Run
from integration_monitor.observe.stretch import Sides
from integration_monitor.store import coverage, ledger, ledger_listing
from integration_monitor.store import stretches as stretch_store
from integration_monitor.store.coverage import Coverage
from integration_monitor.store.ledger import Sighting


def find_extra(run: Run, sides: Sides, start: datetime, end: datetime, read: set[str]) -> None:
    """Enter what the destination has in `[start, end)` and the source has not; raises `ReadError`.

    `read` holds the keys that were just read at the source; only others are looked up there.
    """
    destination = sides.destination
    possible = destination.can_list and destination.keeps_version and sides.source.can_lookup
    if not possible or run.sync.tolerance.extra == "ignore":
        return

    def read_piece(first: datetime, last: datetime) -> _Destination:
        return _only_at_destination(sides, first, last, read)

    for piece in pieces(
        read_piece,
        start,
        end,
        longest=run.sync.window if destination.filters_by_time else None,
        granularity=destination.granularity,
        budget=run.budget,
    ):
        run.deadline.remaining()
        if piece.extra:
            now = run.clock()
            with run.store.begin() as connection:
                ledger.add(connection, run.unit, piece.extra, first_seen=now, at=now)


@dataclass
class _Destination:
    """What a piece of the destination holds: how much, and what of it the source has not."""

    read: int = 0
    extra: list[Sighting] = field(default_factory=list)


def _only_at_destination(
    sides: Sides, start: datetime, end: datetime, read: set[str]
) -> _Destination:
    found = _Destination()
    for page in sides.destination.changed(start, end):
        found.read += len(page.records)
        unknown = [record for record in page.records if record.key not in read]
        there = sides.at_source(sorted({record.key for record in unknown}))
        found.extra += [
            Sighting(record.key, record.version, record.tenant or sides.label, "extra")
            for record in unknown
            if not any(known.in_filter for known in there.get(record.key, []))
        ]
    return found


def count(result: Reconciled, sides: Sides) -> None:
    """Count both sides, the source first."""
    result.source = sides.source.totals()
    result.destination = sides.destination.totals()


def compare_totals(run: Run, result: Reconciled, state: Coverage, sides: Sides) -> None:
    """Say how many records more one side holds than the ledger explains (source minus destination).

    Where they differ, the destination is counted again: what arrived since is no difference.
    """
    source, before = result.source.records, result.destination.records
    if run.as_of is not None or source is None or before is None:
        return
    explained = _explained(run, state)
    if explained is None:
        return
    after: int | None = before
    if source - before != explained:
        result.destination = sides.destination.totals()
        after = result.destination.records
    if after is None:
        return
    low, high = sorted((source - after, source - before))
    result.unexplained = max(0, low - explained) or min(0, high - explained)
    state = replace(
        state, unexplained=result.unexplained, source_records=source, destination_records=after
    )
    with run.store.begin() as connection:
        coverage.save(connection, run.unit, state, run.clock())


def _explained(run: Run, state: Coverage) -> int | None:
    """The difference that the ledger explains; None where whole stretches are owed."""
    with run.store.begin() as connection:
        if stretch_store.of_unit(connection, run.unit):
            return None
        accepted = state.accepted_difference + ledger.accepted_difference(connection, run.unit)
        return accepted + sum(
            row.missing_at_destination - row.extra_at_destination
            for row in ledger_listing.summary(connection, run.unit.integration, run.unit.sync)
            if row.connection == run.unit.connection
        )
