"""A table or a query in a user's database, as one end of a sync."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa

from integration_monitor.manifest.domain import SINGLE, Side, SqlSide
from integration_monitor.observe.canonical import canonical_key, parse_time
from integration_monitor.observe.columns import Column, find_column
from integration_monitor.observe.databases import Database
from integration_monitor.observe.describe import describe, relation
from integration_monitor.observe.reading import Reading, resolve
from integration_monitor.observe.side import Page, ReadError, Record, Totals
from integration_monitor.observe.sql_times import clock, moment, within

PAGE = 1_000
"""Rows held in memory at one time."""
LOOKUP = 1_000
"""Keys in one statement; some databases take no more."""

Rows: TypeAlias = "sa.Select[*tuple[Any, ...]]"


class SqlTable:
    """An `OpenSide` on SQL. Its statements only read, and start from the manifest's names alone."""

    def __init__(self, side: Side, at: SqlSide, role: str, tenant: str, reading: Reading) -> None:
        """Look the columns up. Raises `ReadError`, of kind `config` where one is not there."""
        self._reading = reading
        self._at = at
        self._relation = relation(at)
        self._database: Database = reading.engines.database(resolve(at.url, reading.environ))
        what = f"table {at.table}" if at.table else "query"
        self.name = f"{role} {what} in {self._database.address}"
        columns = self._describe()
        self._key = find_column(columns, side.key, self.name)
        self._version = self._optional(columns, side.updated_at)
        self._loaded = self._optional(columns, side.loaded_at)
        self._tenant = self._optional(columns, side.tenant)
        self._where: sa.ColumnElement[Any] | None
        self._where = sa.literal_column(f"({side.where})") if side.where else None
        self._connection_tenant = None if tenant == SINGLE else tenant
        self.granularity = self._version.granularity() if self._version else timedelta(seconds=1)
        self.keeps_version = self._version is not None
        # Rows that do not name their tenant cannot be told apart: neither counted nor listed.
        self._is_shared = self._tenant is None and self._connection_tenant is not None
        self.filters_by_time = True
        self.can_list = self.keeps_version and not self._is_shared
        self.can_lookup = True

    def now(self) -> datetime:
        """The database's clock."""
        self._reading.budget.take()
        with self._session() as connection:
            value = connection.execute(clock(self._database.dialect)).scalar_one()
        at = parse_time(value)
        if at is None:
            raise ReadError("bad_response", f"{self._database.address} tells no time")
        return at

    def totals(self) -> Totals:
        """Counts of all rows for which `where` holds, for this connection's tenant.

        Without a column that names the tenant there is no such count.
        """
        rows = sa.select(
            sa.func.count().label("records"),
            sa.func.coalesce(sa.func.sum(_number(self._is_unwatched())), 0).label("unwatched"),
        ).select_from(self._relation)
        self._reading.budget.take()
        with self._session() as connection:
            counted = connection.execute(self._restricted(rows)).one()
        records = None if self._is_shared else int(counted.records)
        return Totals(records, int(counted.unwatched), self._without_tenant())

    def changed(self, start: datetime, end: datetime) -> Iterator[Page]:
        """Rows with `start <= updated_at < end` in the order of time, streamed."""
        if self._version is None:
            raise ReadError("config", f"{self.name}: no `updated_at` is declared to list by")
        dialect = self._database.dialect
        rows = (
            self._restricted(self._select())
            .where(within(self._version, dialect, start, end))
            .order_by(moment(self._version, dialect))
        )
        self._reading.budget.take()
        with (
            self._session() as connection,
            connection.execution_options(yield_per=PAGE).execute(rows) as result,
        ):
            for partition in result.mappings().partitions():
                self._reading.deadline.remaining()
                yield self._page(partition, start, end)

    def lookup(self, keys: Sequence[str]) -> Iterator[Record]:
        """All rows with these keys; where two rows have one key, both."""
        asked = list(dict.fromkeys(keys))
        for first in range(0, len(asked), LOOKUP):
            found = self._key.is_one_of(asked[first : first + LOOKUP])
            if found is None:  # none of them fits the type of the column, so none is there
                continue
            yield from self._look_up(found)

    def close(self) -> None:
        """Nothing is held between statements."""

    def _look_up(self, found: sa.ColumnElement[bool]) -> Sequence[Record]:
        holds = _number(self._where) if self._where is not None else sa.literal(1)
        rows = self._select().add_columns(holds.label("in_filter")).where(found)
        self._reading.budget.take()
        with self._session() as connection:
            mappings = connection.execute(rows).mappings().all()
        return [
            self._record(row, key, in_filter=bool(row["in_filter"]))
            for row in mappings
            if (key := canonical_key(row["key"])) is not None
        ]

    @contextmanager
    def _session(self) -> Iterator[sa.Connection]:
        reading = self._reading
        with self._database.session(reading.deadline, reading.request_timeout) as connection:
            yield connection

    def _describe(self) -> Mapping[str, Column]:
        def read() -> Mapping[str, Column]:
            self._reading.budget.take()
            with self._session() as connection:
                return describe(self._database, connection, self._at)

        subject = (self._database.address, self._at)
        try:
            return self._reading.engines.remember(subject, read)
        except ReadError as error:
            raise ReadError(error.kind, f"{self.name}: {error}") from error

    def _optional(self, columns: Mapping[str, Column], name: str | None) -> Column | None:
        return find_column(columns, name, self.name) if name else None

    def _select(self) -> Rows:
        chosen = [self._key.value.label("key")]
        for label, column in self._extras():
            chosen.append(column.value.label(label))
        return sa.select(*chosen).select_from(self._relation)

    def _extras(self) -> Iterator[tuple[str, Column]]:
        found = (("version", self._version), ("loaded", self._loaded), ("tenant", self._tenant))
        for label, column in found:
            if column is not None:
                yield label, column

    def _restricted(self, rows: Rows) -> Rows:
        """The rows for which `where` holds and that are this connection's."""
        rows = self._filtered(rows)
        if self._tenant is None or self._connection_tenant is None:
            return rows
        own = self._tenant.is_one_of([self._connection_tenant])
        if own is None:
            problem = f"`{self._connection_tenant}` cannot be a value of `{self._tenant.name}`"
            raise ReadError("config", f"{self.name}: the tenant {problem}")
        return rows.where(own)

    def _filtered(self, rows: Rows) -> Rows:
        return rows if self._where is None else rows.where(self._where)

    def _is_unwatched(self) -> sa.ColumnElement[bool]:
        if self._version is None:
            return self._key.is_empty()
        timeless = moment(self._version, self._database.dialect).is_(None)
        return sa.or_(self._key.is_empty(), timeless)

    def _without_tenant(self) -> int:
        if self._tenant is None or self._connection_tenant is None:
            return 0
        counted = sa.select(sa.func.count()).select_from(self._relation)
        rows = self._filtered(counted).where(self._tenant.is_empty())
        self._reading.budget.take()
        with self._session() as connection:
            return int(connection.execute(rows).scalar_one())

    def _page(self, rows: Sequence[Mapping[Any, Any]], start: datetime, end: datetime) -> Page:
        records, malformed = [], []
        for row in rows:
            key, version = canonical_key(row["key"]), parse_time(row["version"])
            if version is not None and not start <= version < end:
                continue
            if key is None:
                malformed.append(f"a row without a key in `{self._key.name}`")
            elif version is None:
                malformed.append(f"{key}: no time in `updated_at`")
            else:
                records.append(self._record(row, key))
        return Page(tuple(records), tuple(malformed))

    def _record(self, row: Mapping[Any, Any], key: str, *, in_filter: bool = True) -> Record:
        # A row whose tenant is null belongs to nobody, not to the tenant that looked it up.
        tenant = canonical_key(row["tenant"]) if self._tenant else self._connection_tenant
        return Record(
            key, parse_time(row.get("version")), tenant, parse_time(row.get("loaded")), in_filter
        )


def _number(condition: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.case((condition, 1), else_=0)
