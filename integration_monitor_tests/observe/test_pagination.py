"""From one page to the next, without any partner."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

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
from integration_monitor.observe.pagination import Address, pager_for
from integration_monitor.observe.side import ReadError
from integration_monitor.observe.templates import Values

GET = RequestTemplate(
    "GET", "/a", query={"c": "{cursor}", "p": "{page}", "o": "{offset}", "s": "{size}"}
)
BARE = RequestTemplate("GET", "/a")
URL = "https://api.example.com/v1/things?limit=2"


def after(
    pages: Pages | None,
    document: object = None,
    headers: Mapping[str, str] | None = None,
    items: int = 2,
    template: RequestTemplate = GET,
    values: Values | None = None,
) -> object:
    """What follows a page of so many items, in one word."""
    pager = pager_for(pages, template)
    records = [{"id": n + 1} for n in range(items)]
    answered = Answered(document, headers or {}, URL)
    found = pager.after(values or pager.first(Values()), answered, records)
    if isinstance(found, Values):
        return next(v for v in (found.cursor, found.page, found.offset) if v is not None)
    return found.url if isinstance(found, Address) else found


CURSOR = CursorPages("meta.cursor")
MORE = CursorPages("meta.cursor", more="!(meta.end)")


@pytest.mark.parametrize(
    ("pages", "document", "following"),
    [
        (CURSOR, {"meta": {"cursor": "abc"}}, "abc"),
        (CURSOR, {"meta": {"cursor": 7}}, 7),
        (CURSOR, {"meta": {"cursor": 0}}, 0),
        (CURSOR, {"meta": {"cursor": None}}, None),
        (CURSOR, {"meta": {"cursor": ""}}, None),
        (CURSOR, {"meta": {"cursor": False}}, None),
        (CURSOR, {}, None),
        (CURSOR, [], None),
        (MORE, {"meta": {"cursor": "abc", "end": False}}, "abc"),
        (MORE, {"meta": {"cursor": "abc", "end": True}}, None),
        (NextUrlPages("next"), {"next": "https://api.example.com/x"}, "https://api.example.com/x"),
        (NextUrlPages("next"), {"next": "/v2/y?a=1"}, "https://api.example.com/v2/y?a=1"),
        (NextUrlPages("next"), {"next": "?page=2"}, "https://api.example.com/v1/things?page=2"),
        (NextUrlPages("next"), {"next": "more"}, "https://api.example.com/v1/more"),
        (NextUrlPages("next"), {"next": None}, None),
        (NextUrlPages("next", more="more"), {"next": "/a", "more": 0}, None),
        (None, {"next": "/a"}, None),
        # The flag is not there: the cursor tells.
        (MORE, {"meta": {"cursor": "abc"}}, "abc"),
        (CursorPages("cursor", more="has_more"), {"cursor": "abc"}, "abc"),
        (CursorPages("cursor", more="a.more"), {"cursor": "abc", "a": None}, "abc"),
        (CursorPages("cursor", more="a.more"), {"cursor": "abc", "a": {"more": None}}, None),
        (CursorPages("cursor", more="status == 'on'"), {"cursor": "abc"}, None),
    ],
)
def test_the_body_tells_the_next_page(
    pages: Pages | None, document: object, following: object
) -> None:
    assert after(pages, document) == following


def test_a_header_tells_the_next_page() -> None:
    pages = CursorPages(header="X-Next-Cursor")
    assert after(pages, headers={"x-next-cursor": " abc "}) == "abc"
    assert after(pages, headers={"x-next-cursor": ""}) is None
    assert after(pages) is None


def test_a_link_tells_the_next_page() -> None:
    link = '</v1/things?page=2>; rel="next"'
    expected = "https://api.example.com/v1/things?page=2"
    assert after(LinkHeaderPages(), headers={"link": link}) == expected
    assert after(LinkHeaderPages(), headers={"link": link.replace("next", "last")}) is None
    assert after(LinkHeaderPages()) is None


@pytest.mark.parametrize(
    ("pages", "items", "document", "following"),
    [
        (NumberedPages(), 2, {}, 2),
        (NumberedPages(start=0), 2, {}, 1),
        (NumberedPages(), 0, {}, None),
        (NumberedPages(size=2), 2, {}, 2),
        (NumberedPages(size=3), 2, {}, None),
        (NumberedPages(size=100), 50, {}, 2),  # may be the partner's own limit
        (NumberedPages(size=100), 51, {}, None),
        (NumberedPages(size=3, more="more"), 2, {"more": True}, 2),
        (NumberedPages(size=2, more="more"), 2, {"more": False}, None),
        (NumberedPages(size=2, more="next_page"), 2, {"next_page": None}, None),
        (NumberedPages(size=2, more="next_page"), 2, {}, 2),
        (NumberedPages(size=3, more="next_page"), 2, {}, None),
        (OffsetPages(), 2, {}, 2),
        (OffsetPages(start=1), 2, {}, 3),
        (OffsetPages(size=3), 2, {}, None),
        (OffsetPages(size=2), 1, {}, None),
        (OffsetPages(), 0, {}, None),
        (KeysetPages("[-1].id"), 2, {}, 2),
        (KeysetPages("[-1].id", size=3), 2, {}, None),
        (KeysetPages("[-1].id"), 0, {}, None),
        (KeysetPages("[-1].id", more="more"), 2, {"more": False}, None),
        (KeysetPages("[-1].id", more="more"), 2, {}, 2),
        (KeysetPages("[-1].id", more="more"), 0, {}, None),
    ],
)
def test_the_records_tell_the_next_page(
    pages: Pages, items: int, document: object, following: object
) -> None:
    assert after(pages, document, items=items) == following


@pytest.mark.parametrize(
    ("pages", "items", "document", "told"),
    [
        (CursorPages("cursor", more="more"), 2, {"more": True}, "there is more, but has no next"),
        (NextUrlPages("next", more="more"), 2, {"more": True}, "there is more, but has no next"),
        (OffsetPages(more="more"), 0, {"more": True}, "there is more, but holds no record"),
        (KeysetPages("[-1].id", more="more"), 0, {"more": True}, "no cursor at `[-1].id`"),
        (KeysetPages("[-1].ident"), 2, {}, "no cursor at `[-1].ident`"),
        (NextUrlPages("next"), 2, {"next": "http://[::1"}, "the address of the next page is none"),
    ],
)
def test_an_answer_that_contradicts_itself_is_an_error(
    pages: Pages, items: int, document: object, told: str
) -> None:
    with pytest.raises(ReadError) as caught:
        after(pages, document, items=items)
    assert told in str(caught.value)
    assert caught.value.kind == "bad_response"


@pytest.mark.parametrize(
    ("pages", "document"),
    [
        (CursorPages("next"), {"next": "abc"}),
        (CursorPages("next"), {"next": 7}),
        (NextUrlPages("next"), {"next": 7}),
        (NumberedPages(more="more"), {"more": True}),
        (CursorPages("next", more="!end"), {"end": False, "next": "abc"}),
    ],
)
def test_a_request_that_cannot_ask_for_the_next_page_says_so(
    pages: Pages, document: object
) -> None:
    with pytest.raises(ReadError, match="there is a next page, but") as caught:
        after(pages, document, template=BARE)
    assert caught.value.kind == "config"


def test_an_address_is_asked_for_by_get_only() -> None:
    post = RequestTemplate("POST", "/a", body={})
    with pytest.raises(ReadError, match="no address for a GET"):
        after(NextUrlPages("next"), {"next": "/b"}, template=post)


@pytest.mark.parametrize(
    "pages",
    [
        NumberedPages(),
        OffsetPages(),
        KeysetPages("[-1].id"),
        NumberedPages(more="!end_of_stream"),
        CursorPages("after_cursor", more="!end_of_stream"),
        LinkHeaderPages(more="!(meta.end)"),
    ],
)
def test_a_request_without_the_placeholder_has_one_page(pages: Pages) -> None:
    assert after(pages, {}, template=BARE) is None


def test_the_first_page_has_its_number_and_size() -> None:
    numbered = pager_for(NumberedPages(3, 50), GET).first(Values())
    assert (numbered.page, numbered.offset, numbered.size) == (3, None, 50)
    offset = pager_for(OffsetPages(0, 50), GET).first(Values())
    assert (offset.page, offset.offset, offset.size) == (None, 0, 50)
