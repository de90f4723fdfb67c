"""Looking open rows of the ledger up again: paid, still owed, or gone for a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import SINGLE
from integration_monitor.observe.side import ReadError, Record
from integration_monitor.observe.stretch import Sides
from integration_monitor.store.ledger import Owed, Reason, Update

BATCH = 1_000
ABSENT_LOOKUPS = 2
"""A record is gone once the source does not have it on so many look-ups."""


@dataclass
class Settlement:
    """What a batch of look-ups found: rows to close by reason, rows to update."""

    close: dict[Reason, list[int]] = field(default_factory=dict)
    update: list[Update] = field(default_factory=list)
    error: ReadError | None = None
    """Why the source could not be asked; what the destination said is settled all the same."""

    def closed(self, row: Owed, reason: Reason) -> None:
        self.close.setdefault(reason, []).append(row.id)


def settle(
    rows: Sequence[Owed], sides: Sides, *, grace: timedelta, now: datetime
) -> Iterator[Settlement]:
    """Look rows up in batches; each settlement is to be stored before the next. Raises `ReadError`.

    What is still owed `grace` after first sight is a gap. Only then is the source asked whether
    it still has the record; an error there is an error, never "gone".
    """
    for first in range(0, len(rows), BATCH):
        yield _settle_batch(rows[first : first + BATCH], sides, grace, now)


def _settle_batch(
    rows: Sequence[Owed], sides: Sides, grace: timedelta, now: datetime
) -> Settlement:
    settlement = Settlement()
    found = sides.at_destination(sorted({row.key for row in rows}))
    sides.precision.learn(sides, [], [record for records in found.values() for record in records])
    unpaid = [row for row in rows if not _paid(row, sides, found.get(row.key, []), settlement)]
    due = [row for row in unpaid if now - row.first_seen >= grace or row.kind == "extra"]
    sources = _at_source(due, sides, settlement)
    due_ids = {row.id for row in due}
    for row in unpaid:
        if row.id not in due_ids:
            settlement.update.append(_as_found(row, sides, found, is_gap=False))
        elif row.kind == "extra" and settlement.error is not None:
            continue
        elif row.kind == "extra":
            _settle_extra(row, sources, settlement, is_gap=now - row.first_seen >= grace)
        else:
            _settle_due(row, sides, found, sources, settlement)
    return settlement


def _at_source(
    due: Sequence[Owed], sides: Sides, settlement: Settlement
) -> dict[str, list[Record]] | None:
    """What the source has of these rows, None where it cannot say."""
    if not sides.source.can_lookup:
        return None
    try:
        return sides.at_source(sorted({row.key for row in due}))
    except ReadError as error:
        # Not at the destination, and grace is over: a gap, whatever ails the source.
        settlement.error = error
        return None


def _paid(row: Owed, sides: Sides, found: list[Record], settlement: Settlement) -> bool:
    if row.kind == "extra":
        if not any(record.in_filter for record in found):
            settlement.closed(row, "gone")
            return True
        return False
    if sides.match(_record(row, sides), found).owes is None:
        settlement.closed(row, "arrived")
        return True
    return False


def _settle_due(
    row: Owed,
    sides: Sides,
    found: dict[str, list[Record]],
    sources: dict[str, list[Record]] | None,
    settlement: Settlement,
) -> None:
    if sources is not None:
        present = sources.get(row.key, [])
        if not present:
            _absent(row, sides, found, settlement)
            return
        if not any(record.in_filter for record in present):
            settlement.closed(row, "left_filter")
            return
        if _arrived_for(present, row, sides, found):
            settlement.closed(row, "arrived")
            return
    settlement.update.append(_as_found(row, sides, found, is_gap=True))


def _arrived_for(
    present: list[Record], row: Owed, sides: Sides, found: dict[str, list[Record]]
) -> bool:
    """Whether the version arrived for the tenant that the source names by now."""
    return any(
        sides.match(Record(row.key, row.version, record.tenant), found.get(row.key, [])).owes
        is None
        for record in present
    )


def _absent(
    row: Owed, sides: Sides, found: dict[str, list[Record]], settlement: Settlement
) -> None:
    if row.absent_lookups + 1 >= ABSENT_LOOKUPS:
        settlement.closed(row, "gone")
        return
    # One absence may be an eventually consistent source: neither gone yet nor a gap by it.
    settlement.update.append(
        _as_found(row, sides, found, is_gap=row.is_gap, absent=row.absent_lookups + 1)
    )


def _settle_extra(
    row: Owed,
    sources: dict[str, list[Record]] | None,
    settlement: Settlement,
    *,
    is_gap: bool,
) -> None:
    if sources is not None and any(record.in_filter for record in sources.get(row.key, [])):
        settlement.closed(row, "arrived")
        return
    settlement.update.append(Update(row.id, "extra", is_gap, 0, None, None))


def _as_found(
    row: Owed, sides: Sides, found: dict[str, list[Record]], *, is_gap: bool, absent: int = 0
) -> Update:
    result = sides.match(_record(row, sides), found.get(row.key, []))
    kind = result.owes or row.kind
    return Update(row.id, kind, is_gap, absent, result.found_tenant, result.found_version)


def _record(row: Owed, sides: Sides) -> Record:
    # The label stands for "no tenant"; there is nothing to compare with then.
    tenant = None if row.tenant == sides.label == SINGLE else row.tenant
    return Record(row.key, row.version, tenant)
