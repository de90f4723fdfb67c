"""Trying once what an opened side is asked for: to list, to count, to look a key up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from integration_monitor.observe.side import OpenSide, Page, ReadError, Record, TooManyRecords
from integration_monitor.signals.wording import clock, count, number, span

Result = Literal["works", "fails", "not tried"]

STRETCHES = (timedelta(hours=1), timedelta(days=1), timedelta(days=30))
"""How far back changed records are looked for, one after the other."""


@dataclass(frozen=True)
class Tried:
    """One thing that was asked of a side."""

    what: Literal["clock", "list", "count", "look-up"]
    result: Result
    said: str
    key: str | None = None
    """Of a record that was listed."""


def try_side(side: OpenSide, key: str | None, *, counts: bool) -> list[Tried]:
    """Ask a side once for everything it declares, and close it.

    `key` is one that is known of the other side; a key that the side lists itself comes first.
    `counts`: the manifest says where its answers tell their number.
    """
    try:
        return list(_tried(side, key, counts=counts))
    finally:
        side.close()


def _tried(side: OpenSide, key: str | None, *, counts: bool) -> Iterator[Tried]:
    yield _attempt("clock", lambda: f"it is {clock(side.now())} there")
    own: str | None = None
    if side.can_list:
        listed = _try_list(side)
        own = listed.key
        yield listed
    yield _attempt("count", lambda: _counted(side, declared=counts))
    if side.can_lookup:
        yield _try_lookup(side, own, key)


def _attempt(
    what: Literal["clock", "list", "count", "look-up"], try_it: Callable[[], str]
) -> Tried:
    try:
        return Tried(what, "works", try_it())
    except ReadError as error:
        return Tried(what, "fails", str(error))


def _try_list(side: OpenSide) -> Tried:
    try:
        now = side.now()
        for stretch in STRETCHES:
            page = _first_page(side, now - stretch, now)
            if page is not None:
                return _listed(page, stretch)
    except ReadError as error:
        return Tried("list", "fails", str(error))
    return Tried("list", "works", f"no record changed within {span(STRETCHES[-1])}")


def _first_page(side: OpenSide, start: datetime, end: datetime) -> Page | None:
    """The first page that holds something. One page of too many says enough."""
    pages = side.changed(start, end)
    try:
        for page in pages:
            if page.records or page.malformed:
                return page
    except TooManyRecords:
        if end - start <= side.granularity:
            raise
        return _first_page(side, start + (end - start) / 2, end)
    return None


def _listed(page: Page, stretch: timedelta) -> Tried:
    if not page.records:
        reasons = "; ".join(sorted(set(page.malformed))[:3])
        return Tried("list", "fails", f"no record of the first page can be read: {reasons}")
    said = [f"{count(len(page.records), 'record')} on the first page of the last {span(stretch)}"]
    said += _newest(page.records)
    if page.malformed:
        unread = f"{number(len(page.malformed))} cannot be read, such as: {page.malformed[0]}"
        return Tried("list", "fails", f"{said[0]}; {unread}", page.records[0].key)
    return Tried("list", "works", ", ".join(said), page.records[0].key)


def _newest(records: Sequence[Record]) -> list[str]:
    versions = [record.version for record in records if record.version is not None]
    return [f"the newest of {clock(max(versions))}"] if versions else []


def _counted(side: OpenSide, *, declared: bool) -> str:
    totals = side.totals()
    if totals.records is not None:
        return count(totals.records, "record")
    if declared:
        raise ReadError("config", f"{side.name}: a `count` is declared, and no number is there")
    return "no count is declared"


def _try_lookup(side: OpenSide, own: str | None, other: str | None) -> Tried:
    key = own or other
    if key is None:
        return Tried("look-up", "not tried", "no record is there to look up")
    try:
        found = [record for record in side.lookup([key]) if record.key == key]
    except ReadError as error:
        return Tried("look-up", "fails", str(error))
    if own is not None and not found:
        return Tried("look-up", "fails", "a record that was just listed is not found by its key")
    there = "found" if found else "answers; the record is not there"
    return Tried("look-up", "works", f"one key: {there}")
