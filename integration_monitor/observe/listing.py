"""All pages of one request, one after the other, with the faults that paging has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from integration_monitor.manifest.domain import ListRequest, RestSide
from integration_monitor.observe.http_answers import Answered
from integration_monitor.observe.pagination import Address, Following, Pager
from integration_monitor.observe.side import Page, ReadAgain, ReadError, Record, TooManyRecords
from integration_monitor.observe.templates import Rendered, Values

UNREADABLE = 10
"""So many records of a listing, and no other, are a change of all of them."""
KEYS_KEPT = 100_000
"""Above so many distinct records of a listing, each further one counts as another."""


@dataclass(frozen=True)
class ItemPage:
    """One page of an answer, as it came."""

    answered: Answered
    items: Sequence[object]


@dataclass(frozen=True)
class Means:
    """What a listing reads with."""

    name: str
    """Of the side, for messages."""
    fetch: Callable[[Rendered], Answered]
    items: Callable[[object], Sequence[object]]
    """The records of a document."""
    keys: Callable[[Sequence[object]], Sequence[str | None]]
    """The keys of records."""
    same_origin: Callable[[str], bool]
    """Whether a URL leads to the partner's host."""


def pages(
    means: Means,
    pager: Pager,
    request: Callable[[Values], Rendered],
    values: Values,
) -> Iterator[ItemPage]:
    """Every page. Raises `ReadError` for pages that go round in circles.

    Raises `ReadAgain` where the partner refuses to go on: a cursor may have expired.
    """
    values = pager.first(values)
    asked, number = request(values), 1
    seen, before = {_position(values)}, tuple[str, ...]()
    while True:
        page = _page(means, asked, number)
        keys = tuple(key for key in means.keys(page.items) if key is not None)
        if keys and keys == before:
            message = f"endless, page {number} has the records of the page before"
            raise ReadError("bad_response", f"{means.name}: {message}")
        yield page
        following = _following(means, pager, values, page)
        if following is None:
            return
        if _position(following) in seen:
            raise ReadError("bad_response", f"{means.name}: endless, one cursor came twice")
        seen.add(_position(following))
        before, number = keys, number + 1
        if isinstance(following, Address):
            asked = _at(means, asked, following)
        else:
            values = following
            asked = request(values)


class Tally:
    """How many records were listed; one that two pages hold, as they shifted, counts once."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._more = 0
        self.received = 0
        """Duplicates included: so many count against a partner's limit."""
        self.readable = 0
        self.unreadable = 0
        self.reason = ""
        """What is wrong with the first unreadable one."""

    def add(self, keys: Sequence[str | None]) -> None:
        """Count the records of a page by their keys; one without a key counts by itself."""
        self.received += len(keys)
        for key in keys:
            if key is not None and len(self._keys) < KEYS_KEPT:
                self._keys.add(key)
            elif key not in self._keys:
                self._more += 1

    def judge(self, found: Sequence[Record | str]) -> None:
        """Count what became of the records of a page: a record, or why it is none."""
        reasons = [each for each in found if isinstance(each, str)]
        self.readable += len(found) - len(reasons)
        self.unreadable += len(reasons)
        self.reason = self.reason or next(iter(reasons), "")

    @property
    def records(self) -> int:
        return len(self._keys) + self._more


def check_size(
    name: str,
    at: RestSide,
    listing: ListRequest,
    items: Sequence[object],
    read: int,
    told: int | None,
) -> None:
    """Raise `TooManyRecords` where the partner's limit of one query is reached, or would be.

    `read` records were read so far, the latest of them are `items`; `told` is the query's count.
    """
    limit = listing.max_results
    if limit is None:
        return
    message = f"{name}: more than the {limit} records of one query"
    size = getattr(at.pages, "size", None)
    # A page that would reach beyond the limit is refused as a whole by many a partner.
    no_page_left = size is not None and len(items) >= size and read + size > limit
    if listing.mode == "changed":
        if read >= limit or no_page_left or (told is not None and told > limit):
            raise TooManyRecords(message)
    elif read >= limit:
        raise ReadError("config", f"{message}; without a filter by time no more can be read")


def check_whole(name: str, read: int, told: int | None) -> None:
    """Raise `ReadAgain` where a listing ended with fewer records than its own count says."""
    if told is not None and read < told:
        raise ReadAgain(
            "bad_response",
            f"{name}: its count says {told:,} records, its pages held {read:,};"
            " leave `count` out where it is not the count of the query",
        )


def check_readable(name: str, tally: Tally) -> None:
    """Raise `ReadError` where of many records not one can be read, so that coverage waits.

    Then it is their key or their time that changed. A few may be broken for ever by themselves.
    """
    if tally.unreadable >= UNREADABLE and not tally.readable:
        message = f"none of {tally.unreadable:,} records can be read: {tally.reason}"
        raise ReadError("bad_response", f"{name}: {message}")


def page_within(found: Sequence[Record | str], start: datetime, end: datetime) -> Page:
    """The records of a page with `start <= version < end`, and why others are none."""
    records = [r for r in found if isinstance(r, Record) and r.in_filter and _is_in(r, start, end)]
    return Page(tuple(records), tuple(reason for reason in found if isinstance(reason, str)))


def reach_beyond(found: Sequence[Record | str], end: datetime) -> bool:
    """Whether a page has records from `end` on."""
    versions = (r.version for r in found if isinstance(r, Record))
    return any(version is not None and version >= end for version in versions)


def _page(means: Means, asked: Rendered, number: int) -> ItemPage:
    try:
        answered = means.fetch(asked)
    except ReadError as error:
        if number > 1 and error.kind in ("bad_request", "not_found"):
            raise ReadAgain(error.kind, f"{error}; it was page {number}") from error
        raise
    return ItemPage(answered, means.items(answered.document))


def _following(means: Means, pager: Pager, values: Values, page: ItemPage) -> Following:
    try:
        return pager.after(values, page.answered, page.items)
    except ReadError as error:
        raise ReadError(error.kind, f"{means.name}: {error}") from error


def _position(following: Values | Address) -> str:
    if isinstance(following, Address):
        return following.url
    return repr((following.cursor, following.page, following.offset))


def _at(means: Means, asked: Rendered, address: Address) -> Rendered:
    if not means.same_origin(address.url):
        raise ReadError("bad_response", f"{means.name}: the next page is on another host")
    return replace(asked, path=address.url, query={})


def _is_in(record: Record, start: datetime, end: datetime) -> bool:
    # Without a version of any record, each listing has all that is to be looked up.
    return record.version is None or start <= record.version < end
