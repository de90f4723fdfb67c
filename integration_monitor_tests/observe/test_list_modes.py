"""Lists that are read newest first or whole, look-ups, and answers that are no JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError
from integration_monitor_tests.observe.answering import Asked, Reply, answering
from integration_monitor_tests.observe.paging_partners import (
    ALL,
    BASE,
    ORDERS,
)
from integration_monitor_tests.observe.readings import NOW
from integration_monitor_tests.observe.rest_examples import (
    keys,
    minutes,
    opened,
    whole,
)


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("application/xml", b"<orders/>", "XML, which is not read by this monitor"),
        ("text/plain", b'\n<?xml version="1.0"?><a/>', "XML, which is not read by this monitor"),
        ("application/atom+xml; charset=utf-8", b"<feed/>", "XML, which is not read"),
        ("application/xhtml+xml", b"<html/>", "HTML where JSON was expected"),
        ("text/html", b"<!doctype html>", "HTML where JSON was expected"),
    ],
)
def test_xml_is_told_to_be_none_of_ours(given: Reading, kind: str, text: bytes, told: str) -> None:
    with (
        answering(lambda asked: Reply(text=text, headers={"Content-Type": kind})) as served,
        pytest.raises(ReadError) as caught,
    ):
        keys(opened(served, given, BASE % ("limit: 3", "data", "")))
    assert told in str(caught.value)


# --- modes ---

NEWEST = """
list: {path: /orders, mode: newest_first, query: {page: "{page}", per_page: "{size}"}}
records: "@"
pages: {type: page_number, size: 2}
"""


def newest_first(asked: Asked) -> Reply:
    first = (whole(asked, "page") - 1) * 2
    return Reply(ORDERS[::-1][first : first + 2])


def test_newest_first_reads_no_farther_than_it_has_to(given: Reading) -> None:
    with answering(newest_first) as served:
        side = opened(served, given, NEWEST)
        pages = side.changed(minutes(5), minutes(60))
        assert [record.key for page in pages for record in page.records] == ["7", "6", "5"]
        assert served.values("page") == ["1", "2"]
        assert not side.filters_by_time


def test_a_full_list_needs_no_times(given: Reading) -> None:
    rest = NEWEST.replace("newest_first", "full")
    with answering(newest_first) as served:
        side = opened(served, given, rest, "")
        assert (side.can_list, side.keeps_version, side.filters_by_time) == (True, False, False)
        assert sorted(keys(side)) == ALL
        assert side.now() == NOW


LOOK_UP = 'lookup: {path: /orders/read, query: {ids: "{keys}"}, batch: 10}\nrecords: data'


@pytest.mark.parametrize(("can_list", "shown"), [(True, [1, 2, 3, 4, 5, 6, 7]), (False, [1])])
def test_what_is_looked_up_shows_the_fields_only_where_nothing_is_listed(
    given: Reading, can_list: bool, shown: list[int]
) -> None:
    # A record that is looked up has other fields than one that is listed.
    seen: list[object] = []

    def answer(asked: Asked) -> Reply:
        found = ORDERS if asked.path == "/orders" else [{**ORDERS[0], "details": True}]
        return Reply({"data": found})

    with answering(answer) as served:
        rest = 'list: {path: /orders, query: {since: "{since}"}}\n' + LOOK_UP
        side = opened(served, replace(given, on_record=seen.append), rest)
        side.can_list = can_list
        assert [record.key for record in side.lookup(["1"])] == ["1"]
        if side.can_list:
            assert keys(side) == ALL
    assert [record["id"] for record in seen if isinstance(record, dict)] == shown


@pytest.mark.parametrize(
    "pages",
    [
        "pages: {type: cursor, body: after_cursor, more: '!end_of_stream'}",
        "pages: {type: keyset, cursor: '[-1].id', more: has_more}",
    ],
)
def test_a_look_up_that_says_nothing_of_further_pages_has_one(given: Reading, pages: str) -> None:
    listing = 'list: {path: /orders, query: {since: "{since}", after: "{cursor}"}}'
    rest = "\n".join((listing, LOOK_UP, pages))
    with answering(lambda asked: Reply({"data": ORDERS[:2]})) as served:
        side = opened(served, given, rest)
        assert [record.key for record in side.lookup(["1", "2"])] == ["1", "2"]
        assert len(served.asked) == 1


def test_throttling_with_a_403_is_asked_again(given: Reading) -> None:
    def answer(asked: Asked) -> Reply:
        if len(served.asked) < 2:
            return Reply([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "…"}], status=403)
        return Reply({"data": ORDERS})

    listing = 'list: {path: /orders, query: {since: "{since}"}}'
    rest = f'{listing}\nrecords: data\nerrors: "[0].errorCode"'
    with answering(answer) as served:
        assert keys(opened(served, given, rest)) == ALL
        assert len(served.asked) == 2


@pytest.mark.parametrize(("unreadable", "readable", "waits"), [(10, 0, True), (10, 1, False),
                                                               (9, 0, False)])  # fmt: skip
def test_many_records_of_which_none_can_be_read_are_not_taken_for_read(
    given: Reading, unreadable: int, readable: int, waits: bool
) -> None:
    renamed = [{"id": n, "changed": "2026-03-01"} for n in range(100, 100 + unreadable)]
    rest = 'list: {path: /orders, query: {since: "{since}"}}\nrecords: data'
    with answering(lambda asked: Reply({"data": renamed + ORDERS[:readable]})) as served:
        side = opened(served, given, rest)
        if waits:
            with pytest.raises(ReadError, match="none of 10 records can be read: 100: no time at"):
                keys(side)
        else:
            assert len(keys(side)) == readable
