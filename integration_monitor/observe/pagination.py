"""From one page to the next: what an answer says of the request to follow. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import urljoin

from integration_monitor.manifest.domain import RequestTemplate
from integration_monitor.manifest.paging import (
    CursorPages,
    KeysetPages,
    LinkHeaderPages,
    NextUrlPages,
    NumberedPages,
    OffsetPages,
    Pages,
)
from integration_monitor.observe.http_answers import Answered
from integration_monitor.observe.json_path import Path
from integration_monitor.observe.link_header import link_target
from integration_monitor.observe.side import ReadError
from integration_monitor.observe.templates import Values, template_mentions


@dataclass(frozen=True)
class Address:
    """The next page is at this absolute URL."""

    url: str = field(repr=False)


Following = Values | Address | None
"""What the next page is asked for with: placeholders, or its address; None after the last page."""


class Pager(Protocol):
    """One kind of pagination. Raises `ReadError` where an answer contradicts itself."""

    def first(self, values: Values) -> Values:
        """The placeholders of the first page."""
        ...

    def after(self, values: Values, answered: Answered, items: Sequence[object]) -> Following:
        """What comes after a page, whose placeholders were `values` and whose records `items`."""
        ...


def pager_for(pages: Pages | None, template: RequestTemplate) -> Pager:
    """How the pages of this request are followed; a request without the placeholder has one."""
    match pages:
        case CursorPages():
            find = _header(pages.header) if pages.header else _body(pages.body or "@")
            if template_mentions(template, "cursor"):
                return _ByCursor(find, _More(pages.more))
            return _ByAddress(find, _More(pages.more), template.method, bare="no {cursor}")
        case NextUrlPages():
            return _ByAddress(_body(pages.body), _More(pages.more), template.method)
        case LinkHeaderPages():
            return _ByAddress(_link_to_next, _More(pages.more), template.method)
        case NumberedPages() if template_mentions(template, "page"):
            return _ByNumber(pages.start, pages.size, _Last(pages.size, _More(pages.more)))
        case OffsetPages() if template_mentions(template, "offset"):
            return _ByOffset(pages.start, pages.size, _Last(pages.size, _More(pages.more)))
        case KeysetPages() if template_mentions(template, "cursor"):
            last = _Last(pages.size, _More(pages.more))
            return _ByKeyset(Path(pages.cursor), pages.size, last)
        case None:
            return _Single(_More(None), None)
        case _:
            return _Single(_More(pages.more), getattr(pages, "size", None))


# --- is there more? ---


class _More:
    """The flag by which a partner says so; None where none is declared, or the answer has none.

    An answer without the flag says nothing: not that it is the last one, and not the opposite.
    """

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path else None

    def told(self, document: object) -> bool | None:
        if self._path is None or not self._path.is_told(document):
            return None
        return bool(self._path.of(document))


class _Last:
    """Whether a page is the last one of those that are not told where the next one is."""

    def __init__(self, size: int | None, more: _More) -> None:
        self._size = size
        self._more = more

    def holds(self, document: object, items: Sequence[object]) -> bool:
        more = self._more.told(document)
        if more is not None:
            return not more
        n = len(items)
        return n == 0 or (self._size is not None and n < self._size and not _may_be_a_limit(n))


def _may_be_a_limit(records: int) -> bool:
    """A short page of 50 may be all that the partner gives, whatever `size` it was asked for.

    Limits are round numbers; one more request then tells a limit from the end.
    """
    return records % 10 == 0 or records % 16 == 0 or records % 25 == 0


def _nowhere(where: str) -> ReadError:
    return ReadError("bad_response", f"the answer says that there is more, but {where}")


# --- the kinds ---

Find = Callable[[Answered], object]


@dataclass(frozen=True)
class _Single:
    more: _More
    size: int | None

    def first(self, values: Values) -> Values:
        return replace(values, size=self.size)

    def after(self, values: Values, answered: Answered, items: Sequence[object]) -> Following:
        if self.more.told(answered.document):
            raise ReadError("config", "there is a next page, but the request cannot ask for it")
        return None


@dataclass(frozen=True)
class _ByCursor:
    find: Find
    more: _More

    def first(self, values: Values) -> Values:
        return values

    def after(self, values: Values, answered: Answered, items: Sequence[object]) -> Following:
        cursor, more = _known(self.find(answered)), self.more.told(answered.document)
        if more is False:
            return None
        if cursor is None and more:
            raise _nowhere("has no next cursor")
        return None if cursor is None else replace(values, cursor=cursor)


@dataclass(frozen=True)
class _ByAddress:
    find: Find
    more: _More
    method: str
    bare: str | None = None
    """What is wrong with something that is no address."""

    def first(self, values: Values) -> Values:
        return values

    def after(self, values: Values, answered: Answered, items: Sequence[object]) -> Following:
        found, more = _known(self.find(answered)), self.more.told(answered.document)
        if more is False:
            return None
        if found is None and more:
            raise _nowhere("has no next address")
        return None if found is None else self._address(found, answered.url)

    def _address(self, found: object, url: str) -> Address:
        is_address = isinstance(found, str) and (
            self.bare is None or found.startswith(("http://", "https://", "/", "?"))
        )
        if not is_address or self.method.upper() != "GET":
            wrong = self.bare or "what leads to it is no address for a GET"
            raise ReadError("config", f"there is a next page, but {wrong}")
        try:
            return Address(urljoin(url, str(found)))
        except ValueError:
            raise ReadError("bad_response", "the address of the next page is none") from None


@dataclass(frozen=True)
class _ByNumber:
    start: int
    size: int | None
    last: _Last

    def first(self, values: Values) -> Values:
        return replace(values, page=self.start, size=self.size)

    def after(self, values: Values, answered: Answered, items: Sequence[object]) -> Following:
        if self.last.holds(answered.document, items):
            return None
        return replace(values, page=(values.page or 0) + 1)


@dataclass(frozen=True)
class _ByOffset:
    start: int
    size: int | None
    last: _Last

    def first(self, values: Values) -> Values:
        return replace(values, offset=self.start, size=self.size)

    def after(self, values: Values, answered: Answered, items: Sequence[object]) -> Following:
        if self.last.holds(answered.document, items):
            return None
        if not items:
            raise _nowhere("holds no record")
        return replace(values, offset=(values.offset or 0) + len(items))


@dataclass(frozen=True)
class _ByKeyset:
    cursor: Path
    size: int | None
    last: _Last

    def first(self, values: Values) -> Values:
        return replace(values, size=self.size)

    def after(self, values: Values, answered: Answered, items: Sequence[object]) -> Following:
        if self.last.holds(answered.document, items):
            return None
        cursor = _known(self.cursor.of(list(items)))
        if cursor is None:
            raise _nowhere(f"there is no cursor at `{self.cursor.text}` of its records")
        return replace(values, cursor=cursor)


# --- where it is told ---


def _body(text: str) -> Find:
    path = Path(text)
    return lambda answered: path.of(answered.document)


def _header(name: str) -> Find:
    return lambda answered: answered.headers.get(name.lower(), "").strip()


def _link_to_next(answered: Answered) -> object:
    return link_target(answered.headers.get("link", ""), "next")


def _known(found: object) -> object | None:
    return None if found is None or found is False or found == "" else found
