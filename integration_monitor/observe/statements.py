"""Every statement that a SQL side sends: pure, from the manifest's names and the columns' types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from integration_monitor.manifest.domain import Side, SqlSide
from integration_monitor.observe.columns import Column, find_column
from integration_monitor.observe.describe import relation
from integration_monitor.observe.dialects import dialect_of
from integration_monitor.observe.side import ReadError
from integration_monitor.observe.sql_times import moment, within

Rows: TypeAlias = "sa.Select[*tuple[Any, ...]]"


@dataclass(frozen=True)
class Places:
    """Positions in a row; None for what the side does not keep. A look-up has `in_filter` last."""

    key: int
    version: int | None = None
    loaded: int | None = None
    tenant: int | None = None
    in_filter: int = -1


@dataclass(frozen=True)
class Statements:
    """What is asked of one table or query, in the words of one dialect."""

    dialect: sa.Dialect
    watched: sa.FromClause
    where: sa.ColumnElement[Any] | None
    key: Column
    version: Column | None
    loaded: Column | None
    tenant: Column | None

    def totals(self, tenant: str | None) -> Rows:
        """How many `records` a tenant has, and how many of them no range of time finds."""
        rows = sa.select(
            sa.func.count().label("records"),
            sa.func.coalesce(sa.func.sum(_number(self._is_unwatched())), 0).label("unwatched"),
        ).select_from(self.watched)
        return self._restricted(rows, tenant)

    def without_tenant(self) -> Rows:
        """How many rows belong to nobody. For sides that declare a tenant's column."""
        counted = self._filtered(sa.select(sa.func.count()).select_from(self.watched))
        return counted if self.tenant is None else counted.where(self.tenant.is_empty())

    def changed(self, start: datetime, end: datetime, tenant: str | None) -> Rows:
        """Rows with `start <= updated_at < end`, in the order of time."""
        if self.version is None:
            raise ReadError("config", "no `updated_at` is declared to list by")
        return (
            self._restricted(self._select(), tenant)
            .where(within(self.version, self.dialect, start, end))
            .order_by(moment(self.version, self.dialect))
        )

    def lookup(self, keys: Sequence[str]) -> Rows | None:
        """The rows with these keys. None where no key fits the type of the column."""
        found = self.key.is_one_of(keys, as_array=dialect_of(self.dialect).arrays)
        if found is None:
            return None
        holds = sa.literal_column("1") if self.where is None else _number(self.where)
        return self._select().add_columns(holds.label("in_filter")).where(found)

    def places(self) -> Places:
        """Where a row of `changed` and `lookup` holds what."""
        labels = [label for label, _ in self._chosen()]
        return Places(**{label: labels.index(label) for label in labels})

    def _select(self) -> Rows:
        chosen = [column.value.label(label) for label, column in self._chosen()]
        return sa.select(*chosen).select_from(self.watched)

    def _chosen(self) -> Iterator[tuple[str, Column]]:
        yield "key", self.key
        found = (("version", self.version), ("loaded", self.loaded), ("tenant", self.tenant))
        for label, column in found:
            if column is not None:
                yield label, column

    def _restricted(self, rows: Rows, tenant: str | None) -> Rows:
        """The rows for which `where` holds and that are this tenant's."""
        rows = self._filtered(rows)
        if self.tenant is None or tenant is None:
            return rows
        own = self.tenant.is_one_of([tenant])
        if own is None:
            problem = f"`{tenant}` cannot be a value of `{self.tenant.name}`"
            raise ReadError("config", f"the tenant {problem}")
        return rows.where(own)

    def _filtered(self, rows: Rows) -> Rows:
        return rows if self.where is None else rows.where(self.where)

    def _is_unwatched(self) -> sa.ColumnElement[bool]:
        if self.version is None:
            return self.key.is_empty()
        return sa.or_(self.key.is_empty(), moment(self.version, self.dialect).is_(None))


def statements(
    side: Side, at: SqlSide, columns: Mapping[str, Column], dialect: sa.Dialect, name: str
) -> Statements:
    """The statements of a side. Raises `ReadError` of kind `config` for columns that do not fit."""

    def optional(column: str | None) -> Column | None:
        return find_column(columns, column, name) if column else None

    return Statements(
        dialect=dialect,
        watched=relation(at, dialect),
        where=sa.literal_column(f"({side.where})") if side.where else None,
        key=_comparable(find_column(columns, side.key, name), name),
        version=optional(side.updated_at),
        loaded=optional(side.loaded_at),
        tenant=None
        if side.tenant is None
        else _comparable(find_column(columns, side.tenant, name), name),
    )


def _comparable(column: Column, name: str) -> Column:
    if column.kind == "binary":
        problem = f"`{column.name}` holds bytes ({column.type_text or 'binary'})"
        advice = "read it as text by a `query`, such as `select lower(hex(id)) as id, …`"
        raise ReadError("config", f"{name}: {problem}, which cannot be compared; {advice}")
    return column


def _number(condition: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.case((condition, sa.literal_column("1")), else_=sa.literal_column("0"))
