"""A table or a query in a user's database, as one end of a sync."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa

from integration_monitor.manifest.domain import SINGLE, Side, SqlSide
from integration_monitor.observe.canonical import canonical_key, parse_time
from integration_monitor.observe.columns import Column
from integration_monitor.observe.databases import Database
from integration_monitor.observe.describe import describe
from integration_monitor.observe.reading import Reading, resolve
from integration_monitor.observe.side import Page, ReadError, Record, Totals, Validator
from integration_monitor.observe.sql_times import clock
from integration_monitor.observe.statements import Rows, Statements, statements

Row: TypeAlias = "sa.Row[*tuple[Any, ...]]"

PAGE = 1_000
"""Rows held in memory at one time."""


class SqlTable:
    """An `OpenSide` on SQL. Its statements only read, and start from the manifest's names alone."""

    def __init__(self, side: Side, at: SqlSide, role: str, tenant: str, reading: Reading) -> None:
        """Look the columns up. Raises `ReadError`, of kind `config` where one is not there."""
        self._reading = reading
        self._at = at
        self._database: Database = reading.engines.database(resolve(at.url, reading.environ))
        what = f"table {at.table}" if at.table else "query"
        self.name = f"{role} {what} in {self._database.address}"
        columns = self._describe()
        with self._named():
            self._ask: Statements = statements(
                side, at, columns, self._database.engine.dialect, self.name
            )
        self._places = self._ask.places()
        self._tenant = None if tenant == SINGLE else tenant
        version = self._ask.version
        self.granularity = version.granularity() if version else timedelta(seconds=1)
        self.keeps_version = version is not None
        # Rows that do not name their tenant cannot be told apart: neither counted nor listed.
        self._is_shared = self._ask.tenant is None and self._tenant is not None
        self.filters_by_time = True
        self.validator: Validator | None = None
        self.can_list = self.keeps_version and not self._is_shared
        self.can_lookup = True

    def now(self) -> datetime:
        """The database's clock."""
        value = self._one(clock(self._database.engine.dialect))[0]
        at = parse_time(value)
        if at is None:
            raise ReadError("bad_response", f"{self._database.address} tells no time")
        return at

    def totals(self) -> Totals:
        """Counts of all rows for which `where` holds, for this connection's tenant.

        Without a column that names the tenant there is no such count.
        """
        with self._named():
            counted = self._one(self._ask.totals(self._tenant))
        records = None if self._is_shared else int(counted.records)
        return Totals(records, int(counted.unwatched), self._without_tenant())

    def changed(self, start: datetime, end: datetime) -> Iterator[Page]:
        """Rows with `start <= updated_at < end` in the order of time, streamed."""
        with self._named():
            rows = self._ask.changed(start, end, self._tenant)
        self._reading.budget.take()
        with (
            self._session(streamed=True) as connection,
            connection.execution_options(yield_per=PAGE).execute(rows) as result,
        ):
            for partition in result.partitions():
                self._reading.deadline.remaining()
                yield self._page(partition, start, end)

    def lookup(self, keys: Sequence[str]) -> Iterator[Record]:
        """All rows with these keys; where two rows have one key, both."""
        asked = list(dict.fromkeys(keys))
        most = self._database.wording.lookup
        for first in range(0, len(asked), most):
            some = asked[first : first + most]
            rows = self._ask.lookup(some)
            if rows is None:  # none of them fits the type of the column, so none is there
                continue
            yield from self._look_up(rows, frozenset(some))

    def close(self) -> None:
        """Nothing is held between statements."""

    def _look_up(self, rows: Rows, asked: frozenset[str]) -> Sequence[Record]:
        self._reading.budget.take()
        with self._session() as connection:
            found = connection.execute(rows).all()
        at = self._places
        # A collation may find `Key` for `key`: here they are two.
        return [
            self._record(row, key, _time(row, at.version), in_filter=bool(row[at.in_filter]))
            for row in found
            if (key := canonical_key(row[at.key])) in asked
        ]

    def _one(self, rows: Rows) -> sa.Row[*tuple[Any, ...]]:
        self._reading.budget.take()
        with self._session() as connection:
            return connection.execute(rows).one()

    @contextmanager
    def _session(self, *, streamed: bool = False) -> Iterator[sa.Connection]:
        reading = self._reading
        with self._database.session(
            reading.deadline, reading.request_timeout, streamed=streamed
        ) as connection:
            yield connection

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Errors inside begin with the side's name."""
        try:
            yield
        except ReadError as error:
            if str(error).startswith(self.name):
                raise
            raise ReadError(error.kind, f"{self.name}: {error}") from error

    def _describe(self) -> Mapping[str, Column]:
        def read() -> Mapping[str, Column]:
            self._reading.budget.take()
            with self._session() as connection:
                return describe(self._database, connection, self._at)

        subject = (self._database.address, self._at)
        with self._named():
            return self._reading.engines.remember(subject, read)

    def _without_tenant(self) -> int:
        if self._ask.tenant is None or self._tenant is None:
            return 0
        return int(self._one(self._ask.without_tenant())[0])

    def _page(self, rows: Sequence[Row], start: datetime, end: datetime) -> Page:
        records, malformed = [], []
        at = self._places
        for row in rows:
            key, version = canonical_key(row[at.key]), _time(row, at.version)
            if version is not None and not start <= version < end:
                continue
            if key is None:
                malformed.append(f"a row without a key in `{self._ask.key.name}`")
            elif version is None:
                malformed.append(f"{key}: no time in `updated_at`")
            else:
                records.append(self._record(row, key, version))
        return Page(tuple(records), tuple(malformed))

    def _record(
        self, row: Row, key: str, version: datetime | None, *, in_filter: bool = True
    ) -> Record:
        at = self._places
        # A row whose tenant is null belongs to nobody, not to the tenant that looked it up.
        tenant = self._tenant if at.tenant is None else canonical_key(row[at.tenant])
        return Record(key, version, tenant, _time(row, at.loaded), in_filter)


def _time(row: Row, place: int | None) -> datetime | None:
    return None if place is None else parse_time(row[place])
