"""Columns of many rows, handed to PostgreSQL as arrays.

Of a plain list psycopg finds out the type by looking at its values, several times, and asks a
dumper for each of them; of these the type is known. They take a third of the time, which counts
where each request waits for it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import psycopg
from psycopg import adapt, pq
from psycopg.postgres import types

_LENGTH = struct.Struct("!i")
_HEAD = struct.Struct("!iiIii")
"""Dimensions, whether there are nulls, the type of an element; length and first index of one
dimension: what `array_recv` of PostgreSQL reads."""
_LONG = struct.Struct("!q")
_NULL = _LENGTH.pack(-1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""From which PostgreSQL counts."""
_MICROSECOND = timedelta(microseconds=1)


class Column(list[Any]):
    """The values of one column, None for null; a subclass says of which type they are."""


class Texts(Column):
    """`str` as `text`."""


class Bytes(Column):
    """`bytes` as `bytea`."""


class Times(Column):
    """Aware `datetime` as `timestamptz`."""


class Numbers(Column):
    """`int` as `bigint`."""


def register(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
    """Let a connection take columns as parameters, with `%b`."""
    for dumper in (_TextsDumper, _BytesDumper, _TimesDumper, _NumbersDumper):
        connection.adapters.register_dumper(dumper.column, dumper)


class _ColumnDumper(adapt.Dumper):
    format = pq.Format.BINARY
    column: ClassVar[type[Column]]
    element: ClassVar[int]

    def dump(self, obj: Column) -> bytes:
        parts = [_HEAD.pack(1, None in obj, self.element, len(obj), 1)]
        for value in self.written(obj):
            if value is None:
                parts.append(_NULL)
            else:
                parts.append(_LENGTH.pack(len(value)))
                parts.append(value)
        return b"".join(parts)

    def written(self, column: Column) -> Iterable[bytes | None]:
        raise NotImplementedError


class _TextsDumper(_ColumnDumper):
    column = Texts
    oid = types["text"].array_oid
    element = types["text"].oid

    def written(self, column: Sequence[str | None]) -> Iterable[bytes | None]:
        return [None if value is None else value.encode() for value in column]


class _BytesDumper(_ColumnDumper):
    column = Bytes
    oid = types["bytea"].array_oid
    element = types["bytea"].oid

    def written(self, column: Sequence[bytes | None]) -> Iterable[bytes | None]:
        return column


class _TimesDumper(_ColumnDumper):
    column = Times
    oid = types["timestamptz"].array_oid
    element = types["timestamptz"].oid

    def written(self, column: Sequence[datetime | None]) -> Iterable[bytes | None]:
        return [
            None if value is None else _LONG.pack((value - _EPOCH) // _MICROSECOND)
            for value in column
        ]


class _NumbersDumper(_ColumnDumper):
    column = Numbers
    oid = types["int8"].array_oid
    element = types["int8"].oid

    def written(self, column: Sequence[int | None]) -> Iterable[bytes | None]:
        return [None if value is None else _LONG.pack(value) for value in column]
