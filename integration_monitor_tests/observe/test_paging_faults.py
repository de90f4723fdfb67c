"""Pages that repeat, skip, shift or expire."""

from __future__ import annotations

import pytest

from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadAgain, ReadError
from integration_monitor_tests.observe.answering import Answer, Asked, Reply, answering
from integration_monitor_tests.observe.paging_partners import (
    ALL,
    BASE,
    CURSOR,
    PAGE,
    by_cursor,
    cut,
)
from integration_monitor_tests.observe.rest_examples import (
    keys,
    opened,
    whole,
)


@pytest.mark.parametrize(
    "rest",
    [
        BASE % (PAGE, "data", "pages: {type: page_number, size: 3}"),
        BASE % ('page: "{page}"', "data", "pages: {type: page_number}"),
        BASE % ('skip: "{offset}"', "data", "pages: {type: offset}"),
        BASE % (CURSOR, "data", 'pages: {type: keyset, cursor: "[-1].id"}'),
        BASE % (CURSOR, "data", "pages: {type: cursor, body: meta.cursor}"),
        BASE % ("limit: 3", "data", "pages: {type: next_url, body: next}"),
    ],
)
def test_a_page_that_comes_twice_is_an_error(given: Reading, rest: str) -> None:
    page = {"data": cut(0), "meta": {"cursor": "again"}, "next": "/orders?page=2"}
    with answering(lambda asked: Reply(page)) as served:
        with pytest.raises(ReadError, match="endless") as caught:
            keys(opened(served, given, rest))
        assert caught.value.kind == "bad_response"
        assert len(served.asked) == 2


def test_an_address_that_leads_back_is_an_error(given: Reading) -> None:
    rest = BASE % ("limit: 3", "data", "pages: {type: next_url, body: next}")
    pages = {None: (0, "b"), "b": (3, "c"), "c": (6, "b")}

    def answer(asked: Asked) -> Reply:
        first, following = pages[asked.query.get("page")]
        return Reply({"data": cut(first), "next": f"/orders?page={following}"})

    with answering(answer) as served:
        with pytest.raises(ReadError, match="one cursor came twice"):
            keys(opened(served, given, rest))
        assert len(served.asked) == 3


def test_pages_that_shift_repeat_records_and_lose_none(given: Reading) -> None:
    rest = BASE % (PAGE, "data", "pages: {type: page_number, size: 3}\ncount: total")

    def answer(asked: Asked) -> Reply:
        page = whole(asked, "page")
        first = (page - 1) * 3 - (page > 1)  # after the first page a record came in before it
        return Reply({"data": cut(max(first, 0)), "total": 7})

    with answering(answer) as served:
        assert sorted(set(keys(opened(served, given, rest)))) == ALL


def counted(total: int) -> Answer:
    return lambda asked: Reply(cut((whole(asked, "page") - 1) * 3), headers={"X-Total": str(total)})


COUNTED = BASE % (PAGE, "'@'", "pages: {type: page_number, size: 3}\ncount: {header: X-Total}")


def test_a_listing_that_ends_before_its_count_is_to_be_read_again(given: Reading) -> None:
    with answering(counted(9)) as served, pytest.raises(ReadAgain) as caught:
        keys(opened(served, given, COUNTED))
    assert caught.value.kind == "bad_response"
    assert "its count says 9 records, its pages held 7;" in str(caught.value)
    assert "leave `count` out where it is not the count of the query" in str(caught.value)


@pytest.mark.parametrize("total", [0, 6, 7])
def test_more_than_the_count_is_fine(given: Reading, total: int) -> None:
    with answering(counted(total)) as served:
        assert keys(opened(served, given, COUNTED)) == ALL


@pytest.mark.parametrize(
    ("status", "again"), [(400, True), (404, True), (410, True), (401, False), (403, False)]
)
def test_a_cursor_that_expires_asks_to_be_read_again(
    given: Reading, status: int, again: bool
) -> None:
    def answer(asked: Asked) -> Reply:
        return by_cursor(asked) if "after" not in asked.query else Reply({}, status)

    rest = BASE % (CURSOR, "data", "next: meta.cursor")
    with answering(answer) as served, pytest.raises(ReadError) as caught:
        keys(opened(served, given, rest))
    assert isinstance(caught.value, ReadAgain) is again
    assert str(status) in str(caught.value)


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_first_page_that_is_refused_is_an_error(given: Reading, status: int) -> None:
    rest = BASE % (CURSOR, "data", "next: meta.cursor")
    with answering(lambda asked: Reply({}, status)) as served, pytest.raises(ReadError) as caught:
        keys(opened(served, given, rest))
    assert not isinstance(caught.value, ReadAgain)
