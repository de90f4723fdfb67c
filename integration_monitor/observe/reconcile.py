"""Reconciling one sync for one connection: known gaps first, then the source from coverage on.

Everything that is found is committed as it is found: settlements batch by batch, coverage
stretch by stretch. A run that dies loses at most the stretch it was in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from integration_monitor.observe import cross_check
from integration_monitor.observe.fingerprint import fingerprint
from integration_monitor.observe.matching import floor
from integration_monitor.observe.run import Reconciled, Run
from integration_monitor.observe.settle import settle
from integration_monitor.observe.side import ReadError
from integration_monitor.observe.stretch import Counted, Sides, Stretch, stretches
from integration_monitor.store import coverage, ledger
from integration_monitor.store import stretches as stretch_store
from integration_monitor.store.coverage import Coverage
from integration_monitor.store.ledger import OWED_ROWS, Owed
from integration_monitor.store.stretches import OwedStretch

FIRST_LOOK_BACK = timedelta(days=1)
"""Coverage of a new sync starts this long ago: tolerances count the trailing 24 hours."""
RECHECK_WITHIN = timedelta(seconds=10)
"""A grace up to this is waited for within the run, instead of until the next one."""
KEYS_KEPT = 200_000
"""Above so many records in one run, the search for extra records is left out."""
LAGS_KEPT = 100_000
"""Above so many lags every second one is let go: their quantiles stay, memory does not grow."""


def reconcile(run: Run, sides: Sides) -> Reconciled:
    """Settle what is owed, read on from coverage, and say how it went. Raises `StoreError`.

    What cannot be read is in `Reconciled.error`, an unfinished reading in `Reconciled.behind`.
    """
    versions = sides.source.keeps_version and sides.destination.keeps_version
    result = Reconciled(run.unit, presence_only=not versions)
    reconciliation = _Reconciliation(run, result, sides)
    try:
        reconciliation.go()
    except ReadError as error:
        if error.kind != "budget":
            result.error = str(error)
        elif reconciliation.source_was_read:
            result.notes.append("extra records and totals were left out: the request budget")
        else:
            result.behind = True
            result.stuck = result.covered_to == reconciliation.covered_before
    result.requests = run.budget.used
    return result


class _Reconciliation:
    def __init__(self, run: Run, result: Reconciled, sides: Sides) -> None:
        self.run = run
        self.result = result
        self.sides = sides
        self.keys: set[str] | None = set()
        self.source_was_read = False
        self.covered_before: datetime | None = None
        self.each_lag = 1

    def go(self) -> None:
        with self.run.store.begin() as connection:
            state = self._state(connection)
            known = ledger.open_rows(connection, self.run.unit)
            large = stretch_store.of_unit(connection, self.run.unit)
            self._remember(connection, [])
        self.result.unexplained_before = state.unexplained
        self.result.covered_to = self.covered_before = state.covered_to
        self.result.source_watermark = state.source_watermark
        self.sides.precision.source_us = state.source_precision_us
        self.sides.precision.destination_us = state.destination_precision_us
        self._settle_known(known, large)
        state = self._read_on(state)
        self._recheck()
        cross_check.compare_totals(self.run, self.result, state, self.sides)

    def _state(self, connection: sa.Connection) -> Coverage:
        wanted = fingerprint(self.run.sync)
        state = coverage.load(connection, self.run.unit)
        if state is None:
            return Coverage(wanted)
        if state.fingerprint == wanted:
            return state
        note = "the definition of the sync changed: coverage starts anew"
        closed = ledger.supersede(connection, self.run.unit, note, self.run.clock())
        stretch_store.drop_all(connection, self.run.unit)
        coverage.restart(connection, self.run.unit)
        self.result.notes.append(f"{note}, {closed} open gaps are superseded")
        return Coverage(wanted)

    # --- known gaps -----------------------------------------------------------------------------

    def _settle_known(self, known: Sequence[Owed], large: Sequence[OwedStretch]) -> None:
        if not known and not large:
            return
        try:
            # Half at most, so that a large loss does not stop the result.
            with self.run.budget.at_most(0.5):
                self._settle(known)
                for stretch in large:
                    self._reread(stretch)
        except ReadError as error:
            if error.kind != "budget":
                raise
            self.result.notes.append("not all known gaps were looked up: the request budget")
        with self.run.store.begin() as connection:
            self._remember(connection, stretch_store.of_unit(connection, self.run.unit))

    def _remember(self, connection: sa.Connection, kept: Sequence[OwedStretch]) -> None:
        known, unit = self.sides.known, self.run.unit
        known.ranges = stretch_store.accepted_ranges(connection, unit)
        known.ranges += [(stretch.start, stretch.end) for stretch in kept]
        known.keeps_stretches = bool(kept)
        known.versions = ledger.open_versions(connection, unit)

    def _settle(self, rows: Sequence[Owed]) -> None:
        now = self.run.clock()
        for settlement in settle(rows, self.sides, grace=self.run.sync.grace, now=now):
            self.run.deadline.remaining()
            with self.run.store.begin() as connection:
                for reason, ids in settlement.close.items():
                    ledger.close(connection, ids, reason, at=now)
                ledger.update(connection, settlement.update, now)
            if settlement.error is not None:
                raise settlement.error

    def _reread(self, known: OwedStretch) -> None:
        left = known
        for stretch in self._stretches(known.start, known.end, known.end - known.start, None):
            self.run.deadline.remaining()
            with self.run.store.begin() as connection:
                stretch_store.drop(connection, self.run.unit, left.start, left.end)
                self._keep_owed(connection, stretch, known.first_seen)
                if stretch.end < known.end:
                    left = left.after(stretch.end, stretch.owed_by_tenant)
                    stretch_store.save(connection, self.run.unit, left, known.first_seen)

    # --- reading on -----------------------------------------------------------------------------

    def _read_on(self, state: Coverage) -> Coverage:
        validator = self.sides.source.validator
        if validator is not None and self.run.as_of is None:
            validator.known = state.source_etag
        now = self.run.as_of or self.sides.source.now()
        self.result.source_now = now
        cross_check.count(self.result, self.sides)
        step = max(self.sides.source.granularity, timedelta(seconds=1))
        step_us = step // timedelta(microseconds=1)
        # The granule in which the source's clock stands is read, but not covered yet.
        covered = floor(now, step_us)
        start = floor((state.covered_to or now - FIRST_LOOK_BACK) - self.run.sync.overlap, step_us)
        counted = (state.covered_to or start, covered)
        window = self.run.sync.window
        for stretch in self._stretches(start, covered + step, window, counted):
            state = self._commit(replace(state, source_now=now), stretch, covered)
        self.source_was_read = True
        if self.keys is None:
            self.result.notes.append("too many records in one run to look for extra ones")
        else:
            cross_check.find_extra(self.run, self.sides, start, covered + step, self.keys)
        return state

    def _stretches(
        self, start: datetime, end: datetime, window: timedelta, counted: Counted | None
    ) -> Iterator[Stretch]:
        budget = self.run.budget
        return stretches(self.sides, start, end, window=window, counted=counted, budget=budget)

    def _commit(self, state: Coverage, stretch: Stretch, until: datetime) -> Coverage:
        self._add_up(stretch)
        covered = min(stretch.end, until)
        state = replace(
            state,
            covered_to=max(covered, state.covered_to or covered),
            source_watermark=self.result.source_watermark,
            source_precision_us=self.sides.precision.source_us,
            destination_precision_us=self.sides.precision.destination_us,
            source_etag=self._etag(),
        )
        self.run.deadline.remaining()
        now = self.run.clock()
        with self.run.store.begin() as connection:
            self._keep_owed(connection, stretch, now)
            ledger.arrived_after_all(connection, self.run.unit, stretch.paid)
            coverage.add_volumes(connection, self.run.unit, stretch.volumes)
            coverage.save(connection, self.run.unit, state, now)
        self.result.covered_to = state.covered_to
        return state

    def _etag(self) -> str | None:
        """What proves that the source is as it was read; a past moment proves nothing of now."""
        validator = self.sides.source.validator
        return validator.seen if validator is not None and self.run.as_of is None else None

    def _keep_owed(self, connection: sa.Connection, stretch: Stretch, first_seen: datetime) -> None:
        owed = stretch.owed_by_tenant.total()
        if not owed:
            return
        unit, now = self.run.unit, self.run.clock()
        room = OWED_ROWS - ledger.count_open(connection, unit.integration, unit.sync)
        if stretch.overflows or owed > room:
            start = self._owed_from(stretch)
            kept = OwedStretch(
                start, stretch.end, first_seen, stretch.owed_by_tenant, stretch.examples
            )
            stretch_store.save(connection, unit, kept, now)
            return
        # Records of a stretch that was a gap stay gaps when they are kept one by one.
        due = first_seen + self.run.sync.grace
        gap_since = due if first_seen < now and due <= now else None
        ledger.add(
            connection, unit, stretch.owed, first_seen=first_seen, at=now, gap_since=gap_since
        )

    def _owed_from(self, stretch: Stretch) -> datetime:
        """The start of what is owed: the age of the oldest owed record is told by it."""
        if stretch.oldest_owed is None:
            return stretch.start
        granularity_us = self.sides.source.granularity // timedelta(microseconds=1)
        return max(stretch.start, floor(stretch.oldest_owed, granularity_us))

    def _add_up(self, stretch: Stretch) -> None:
        result = self.result
        result.read += stretch.read
        result.malformed.update(stretch.malformed)
        result.duplicates += stretch.duplicates
        self._add_lags(stretch.load_lags_s)
        for name, mark in (
            ("source_watermark", stretch.watermark),
            ("destination_watermark", stretch.destination_watermark),
        ):
            known = getattr(result, name)
            setattr(result, name, max(filter(None, (known, mark)), default=None))
        if self.keys is not None:
            self.keys.update(stretch.keys)
            if len(self.keys) > KEYS_KEPT:
                self.keys = None

    def _add_lags(self, lags: Sequence[float]) -> None:
        kept = self.result.load_lags_s
        kept += lags[:: self.each_lag]
        while len(kept) > LAGS_KEPT:
            del kept[::2]
            self.each_lag *= 2

    def _recheck(self) -> None:
        grace = self.run.sync.grace
        if grace > RECHECK_WITHIN:
            return
        with self.run.store.begin() as connection:
            known = ledger.open_rows(connection, self.run.unit)
        pending = [row for row in known if not row.is_gap]
        if not pending:
            return
        due = max(row.first_seen for row in pending) + grace
        wait = (due - self.run.clock()).total_seconds()
        if self.run.as_of is not None or wait > self.run.deadline.remaining():
            return
        if wait > 0:
            self.run.sleep(wait)
        self._settle(pending)
