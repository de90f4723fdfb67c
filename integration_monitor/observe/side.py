"""The narrow protocol behind which every end of a sync is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol

ErrorKind = Literal[
    "network", "timeout", "rate_limited", "auth", "permission", "not_found",
    "server", "bad_response", "bad_request", "config", "budget", "deadline",
]  # fmt: skip


class ReadError(Exception):
    """A side could not be read. The message is for people and holds no secret."""

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind


class ReadAgain(ReadError):
    """What was read is not whole; read once more from its beginning, it may be."""


class TooManyRecords(ReadError):
    """A stretch holds more records than one query gives; read it in halves."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_request", message)


class Record(NamedTuple):
    """What reconciliation needs of one record. A tuple, as millions of them are made."""

    key: str
    """In canonical text: `"123"` and 123 are one key."""
    version: datetime | None = None
    """`updated_at` in UTC; None where the side does not keep it."""
    tenant: str | None = None
    """The tenant as the record says it, else the connection's, None where neither does."""
    loaded_at: datetime | None = None
    in_filter: bool = True
    """Whether `where` holds; only look-ups return records for which it does not."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a read. `malformed` has a reason for each record without key or version."""

    records: tuple[Record, ...]
    malformed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """All records of a side, for one connection."""

    records: int | None
    """None where the side cannot count."""
    unwatched: int = 0
    """Rows that no range of time finds: no key, or no `updated_at`."""
    no_tenant: int = 0
    """Rows without a tenant in a table that is read per tenant."""


@dataclass
class Validator:
    """What tells that a source has not changed. Opaque, and only for the side that gave it."""

    known: str | None = None
    """Of the reading that coverage stands for; set by whoever reads on from there."""
    seen: str | None = None
    """Of the latest reading; None where it proves nothing."""


class OpenSide(Protocol):
    """A side, opened for one connection. Every method raises `ReadError`.

    Every request or statement is taken from the budget, and none outlasts the deadline.
    """

    name: str
    """For messages: `the warehouse table crm.contacts`, `hubspot /crm/v3/objects/contacts`."""
    granularity: timedelta
    """The precision of the bounds that `changed` understands (a day, a second, a millisecond)."""
    keeps_version: bool
    filters_by_time: bool
    """False where each listing goes through everything, or down from the newest record:
    a range of time is then read as one piece."""
    can_list: bool
    can_lookup: bool
    validator: Validator | None
    """Where the side can tell that nothing changed: `changed` is empty then."""

    def now(self) -> datetime:
        """The side's own clock, UTC: the database's, or the `Date` of a response."""
        ...

    def totals(self) -> Totals: ...

    def changed(self, start: datetime, end: datetime) -> Iterator[Page]:
        """Records with `start <= version < end` for which `where` holds, streamed in pages.

        A side without versions that lists everything gives all its records. Raises
        `TooManyRecords` where the partner's limit per query is reached, `ReadAgain` where the
        pages do not hold together.
        """
        ...

    def lookup(self, keys: Sequence[str]) -> Iterator[Record]:
        """The records with these keys, *of any tenant* the side can see, `where` or not."""
        ...

    def close(self) -> None: ...
