"""The columns of a user's table or query: which there are, and how to compare with them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa

from integration_monitor.observe.side import ReadError

Kind = Literal[
    "integer", "wide", "number", "uuid", "text", "aware", "naive", "date", "binary", "other",
]  # fmt: skip

_WHOLE = re.compile(r"-?\d{1,20}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_RANGES: Mapping[Kind, range] = {
    "integer": range(-(2**63), 2**63),
    "wide": range(-(2**63), 2**64),
}


@dataclass(frozen=True)
class Column:
    """A column by name, and what it holds."""

    name: str
    kind: Kind
    digits: int | None = None
    """Of a fraction of a second, where the type says so."""
    type_text: str | None = None
    """The type as the database spells it, such as `varchar(10)`; None where it tells none."""
    nullable: bool | None = None
    """None where it is not known: columns of views and queries."""

    @property
    def value(self) -> sa.ColumnClause[Any]:
        """To be selected: as the driver gives it."""
        return sa.column(self.name)

    def is_one_of(
        self, texts: Iterable[str], *, as_array: bool = False
    ) -> sa.ColumnElement[bool] | None:
        """That the column holds one of these keys, so that an index serves it.

        None where no key can be a value of the column's type. `as_array` sends the keys as one
        value, where the database knows arrays.
        """
        among = _in_array if as_array else _among
        if self.kind in _RANGES:
            whole = [int(text) for text in texts if _WHOLE.fullmatch(text)]
            possible = _RANGES[self.kind]
            return among(self.value, sa.BigInteger(), [n for n in whole if n in possible])
        if self.kind == "number":
            numbers = [Decimal(text) for text in texts if _NUMBER.fullmatch(text)]
            return among(self.value, sa.Numeric(), numbers)
        if self.kind == "uuid":
            return among(self.value, sa.Uuid(), [key for text in texts if (key := _uuid(text))])
        spelled = [spelling for text in texts for spelling in _spellings(text)]
        if self.kind == "text":
            return among(self.value, sa.String(), spelled)
        return among(sa.cast(self.value, sa.String()), sa.String(), spelled)

    def is_empty(self) -> sa.ColumnElement[bool]:
        """That a key column holds no key."""
        if self.kind == "text":
            return sa.or_(self.value.is_(None), sa.func.trim(self.value) == "")
        return self.value.is_(None)

    def granularity(self) -> timedelta:
        """The precision of times in this column, as far as its type promises one."""
        if self.kind == "date":
            return timedelta(days=1)
        if self.digits is None:
            # Text, or a type that does not say: what is there may be coarser, hardly finer.
            return timedelta(milliseconds=1)
        return timedelta(microseconds=10 ** (6 - min(self.digits, 6)))


def find_column(columns: Mapping[str, Column], name: str, where: str) -> Column:
    """The column of this name. Raises `ReadError` of kind `config` that lists what there is."""
    folded = {known.casefold(): column for known, column in columns.items()}
    found = columns.get(name) or folded.get(name.casefold())
    if found is None:
        there = ", ".join(columns) or "none"
        raise ReadError("config", f"no column `{name}` in {where}; its columns are: {there}")
    return found


def naive(moment: datetime) -> datetime:
    """A moment in UTC as a column without time zone holds it."""
    return moment.replace(tzinfo=None)


def _among(
    column: sa.ColumnElement[Any], type_: sa.types.TypeEngine[Any], values: Sequence[object]
) -> sa.ColumnElement[bool] | None:
    return sa.type_coerce(column, type_).in_(values) if values else None


def _in_array(
    column: sa.ColumnElement[Any], type_: sa.types.TypeEngine[Any], values: Sequence[object]
) -> sa.ColumnElement[bool] | None:
    if not values:
        return None
    return sa.type_coerce(column, type_) == sa.any_(sa.literal(values, sa.ARRAY(type_)))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _spellings(text: str) -> tuple[str, ...]:
    """A canonical UUID may be written in capitals in the table."""
    return (text, text.upper()) if _uuid(text) and text != text.upper() else (text,)
