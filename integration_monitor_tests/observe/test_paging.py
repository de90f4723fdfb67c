"""Every kind of pagination, against a partner that pages so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from integration_monitor.manifest.load import load_texts
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadAgain, ReadError, TooManyRecords
from integration_monitor_tests.observe.answering import Answer, Asked, Reply, answering
from integration_monitor_tests.observe.readings import NOW, reading
from integration_monitor_tests.observe.rest_examples import (
    ENVIRON,
    TOKEN,
    keys,
    manifest,
    minutes,
    opened,
    orders,
    whole,
)

ALL = [str(n) for n in range(1, 8)]
ORDERS = orders(7)
BASE = 'list: {path: /orders, query: {since: "{since}", %s}}\nrecords: %s\n%s'


@pytest.fixture
def given() -> Iterator[Reading]:
    with reading(ENVIRON) as found:
        yield found


def cut(first: int, size: int = 3) -> list[dict[str, object]]:
    return ORDERS[first : first + size]


# --- partners, a kind each ---


def by_cursor(asked: Asked) -> Reply:
    first = whole(asked, "after")
    following = str(first + 3) if first + 3 < len(ORDERS) else None
    return Reply({"data": cut(first), "meta": {"cursor": following}})


def by_header(asked: Asked) -> Reply:
    first = whole(asked, "after")
    more = first + 3 < len(ORDERS)
    return Reply(cut(first), headers={"X-Next-Cursor": str(first + 3)} if more else {})


def by_cursor_that_is_always_there(asked: Asked) -> Reply:
    first = whole(asked, "cursor")
    end = first + 3 >= len(ORDERS)
    return Reply({"orders": cut(first), "after_cursor": str(first + 3), "end_of_stream": end})


def by_page(asked: Asked) -> Reply:
    return Reply(cut((whole(asked, "page") - 1) * 3))


def by_page_of_at_most_ten(asked: Asked) -> Reply:
    # Asked for 100, it gives 10, and says nothing of it.
    first = (whole(asked, "page") - 1) * 10
    return Reply({"data": orders(25)[first : first + 10]})


def by_page_with_flag(asked: Asked) -> Reply:
    page = whole(asked, "page")
    return Reply({"data": cut(page * 3), "has_more": page < 2})


def by_offset(asked: Asked) -> Reply:
    # It was asked for pages of 5, but gives 2 at most.
    return Reply({"data": cut(whole(asked, "skip"), min(whole(asked, "limit"), 2))})


def by_link(asked: Asked) -> Reply:
    first = whole(asked, "from")
    target = f"/orders?from={first + 3}"
    links = f'<{target}>; rel="next", </orders>; rel="first"' if first + 3 < len(ORDERS) else ""
    return Reply(cut(first), headers={"Link": links})


def by_address(asked: Asked) -> Reply:
    first = whole(asked, "from")
    following = f"?from={first + 3}" if first + 3 < len(ORDERS) else None
    return Reply({"records": cut(first), "nextRecordsUrl": following})


def by_keyset(asked: Asked) -> Reply:
    after = whole(asked, "starting_after")
    found = [order for order in ORDERS if order["id"] > after][:3]
    return Reply({"data": found, "has_more": bool(found) and found[-1]["id"] < len(ORDERS)})


CURSOR = 'after: "{cursor}"'
PAGE = 'page: "{page}", per_page: "{size}"'


@pytest.mark.parametrize(
    ("answer", "rest", "requests"),
    [
        (by_cursor, BASE % (CURSOR, "data", "next: meta.cursor"), 3),
        (by_cursor, BASE % (CURSOR, "data", "pages: {type: cursor, body: meta.cursor}"), 3),
        (by_header, BASE % (CURSOR, "'@'", "pages: {type: cursor, header: X-Next-Cursor}"), 3),
        (
            by_cursor_that_is_always_there,
            BASE
            % (
                'cursor: "{cursor}"',
                "orders",
                "pages: {type: cursor, body: after_cursor, more: '!end_of_stream'}",
            ),
            3,
        ),
        (by_page, BASE % (PAGE, "'@'", "pages: {type: page_number, size: 3}"), 3),
        (by_page, BASE % ('page: "{page}"', "'@'", "pages: {type: page_number}"), 4),
        (
            by_page_with_flag,
            BASE
            % ('page: "{page}"', "data", "pages: {type: page_number, start: 0, more: has_more}"),
            3,
        ),
        (
            by_offset,
            BASE % ('skip: "{offset}", limit: "{size}"', "data", "pages: {type: offset, size: 2}"),
            4,
        ),
        (
            by_offset,
            BASE % ('skip: "{offset}", limit: 5', "data", "pages: {type: offset}"),
            5,
        ),
        (by_link, BASE % ("limit: 3", "'@'", "pages: {type: link_header}"), 3),
        (
            by_address,
            BASE % ("limit: 3", "records", "pages: {type: next_url, body: nextRecordsUrl}"),
            3,
        ),
        (by_address, BASE % ("limit: 3", "records", "next: nextRecordsUrl"), 3),
        (
            by_keyset,
            BASE
            % (
                'starting_after: "{cursor}"',
                "data",
                'pages: {type: keyset, cursor: "[-1].id", more: has_more}',
            ),
            3,
        ),
        (
            by_keyset,
            BASE
            % (
                'starting_after: "{cursor}"',
                "data",
                'pages: {type: keyset, cursor: "[-1].id", size: 3}',
            ),
            3,
        ),
    ],
)
def test_all_records_are_read(given: Reading, answer: Answer, rest: str, requests: int) -> None:
    with answering(answer) as served:
        assert keys(opened(served, given, rest)) == ALL
        assert len(served.asked) == requests
        assert {asked.headers["authorization"] for asked in served.asked} == {f"Bearer {TOKEN}"}


def test_a_page_that_the_partner_cuts_short_is_not_the_last_one(given: Reading) -> None:
    rest = BASE % (PAGE, "data", "pages: {type: page_number, size: 100}")
    with answering(by_page_of_at_most_ten) as served:
        assert len(keys(opened(served, given, rest))) == 25
        assert served.values("page") == ["1", "2", "3"]


def test_placeholders_of_a_post_keep_their_type(given: Reading) -> None:
    rest = """
list:
  method: POST
  path: /orders
  body: {paging: {page: "{page}", size: "{size}", text: "{page} of {size}"}, since: "{since}"}
records: "@"
pages: {type: page_number, size: 3}
"""
    with answering(lambda asked: Reply(cut((asked.body["paging"]["page"] - 1) * 3))) as served:
        assert keys(opened(served, given, rest)) == ALL
        paging = [asked.body["paging"] for asked in served.asked]
        assert paging[1] == {"page": 2, "size": 3, "text": "2 of 3"}


GRAPHQL = """
list:
  method: POST
  path: /graphql
  body:
    query: |
      query($after: String, $since: DateTime) {
        orders(after: $after, since: $since) {nodes{id updated} pageInfo{hasNextPage endCursor}}
      }
    variables: {after: "{cursor}", since: "{since}"}
records: data.orders.nodes
pages: {type: cursor, body: data.orders.pageInfo.endCursor, more: data.orders.pageInfo.hasNextPage}
errors: errors[0].message
"""


def graphql(asked: Asked) -> Reply:
    assert "{nodes{id updated}" in asked.body["query"]
    first = int(asked.body["variables"].get("after", 0))
    page = {"hasNextPage": first + 3 < len(ORDERS), "endCursor": str(first + 3)}
    return Reply({"data": {"orders": {"nodes": cut(first), "pageInfo": page}}})


def test_graphql_is_paged_by_its_variables(given: Reading) -> None:
    with answering(graphql) as served:
        assert keys(opened(served, given, GRAPHQL)) == ALL
        variables = [asked.body["variables"] for asked in served.asked]
        assert variables[0] == {"since": "2026-03-01T11:00:00Z"}
        assert variables[1]["after"] == "3"


@pytest.mark.parametrize(
    ("errors", "kind", "told"),
    [
        ([{"message": f"no field\n {TOKEN} "}], "bad_response", "no field …"),
        ([{"message": "x" * 500}], "bad_response", "x" * 199 + "…"),
        ([{"message": "Throttled"}], "rate_limited", "Throttled"),
        ([{"message": {"code": 7}}], "bad_response", '{"code": 7}'),
    ],
)
def test_an_error_in_a_200_is_a_failure(
    given: Reading, errors: object, kind: str, told: str
) -> None:
    with (
        answering(lambda asked: Reply({"data": {"orders": None}, "errors": errors})) as served,
        pytest.raises(ReadError) as caught,
    ):
        keys(opened(served, given, GRAPHQL))
    assert str(caught.value) == f"POST /graphql answered 200 and an error: {told}"
    assert caught.value.kind == kind
    assert len(served.asked) == (4 if kind == "rate_limited" else 1)


def test_an_error_quotes_no_credential_that_was_sent(given: Reading) -> None:
    bearer = "{type: bearer, token: {env: SHOP_TOKEN}}"
    by_key = "{type: api_key, query: key, value: {env: SHOP_TOKEN}}"
    with answering(lambda asked: Reply({"error": f"{TOKEN} is no key of ours"})) as served:
        text = manifest(served.url, BASE % ("limit: 3", "data", "errors: error"))
        (integration,) = load_texts({"shop.yaml": text.replace(bearer, by_key)}).integrations
        source = integration.syncs["orders"].source
        side = open_side(source, integration, "source", Connection("-"), given)
        with pytest.raises(ReadError) as caught:
            keys(side)
        assert served.values("key") == [TOKEN]
    assert str(caught.value) == "GET /orders answered 200 and an error: … is no key of ours"


# --- pages that repeat, skip, shift, or expire ---


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


# --- limits ---


@pytest.mark.parametrize(
    ("places", "pages"),
    [
        ('skip: "{offset}", limit: "{size}"', "{type: offset, size: 3}"),
        ('page: "{page}", limit: "{size}"', "{type: page_number, size: 3}"),
    ],
)
def test_no_page_is_asked_for_beyond_the_partners_limit(
    given: Reading, places: str, pages: str
) -> None:
    limited = BASE.replace("path:", "max_results: 5, path:")
    rest = limited % (places, "data", f"pages: {pages}")

    def answer(asked: Asked) -> Reply:
        first = whole(asked, "skip") or (whole(asked, "page", 1) - 1) * 3
        return Reply({}, 400) if first + whole(asked, "limit") > 5 else Reply({"data": cut(first)})

    with answering(answer) as served:
        with pytest.raises(TooManyRecords):
            keys(opened(served, given, rest))
        assert len(served.asked) == 1


def test_records_of_5_mb_and_a_page_of_40_mb_are_read(given: Reading) -> None:
    large = [{**order, "text": "x" * 5_000_000} for order in cut(0, 3) + cut(3, 5)]
    rest = BASE % ("limit: 8", "'@'", "")
    with answering(lambda asked: Reply(large + orders(8)[7:])) as served:
        assert keys(opened(served, given, rest)) == [*ALL, "8"]


# --- times ---


@pytest.mark.parametrize(
    ("written", "since", "until", "updated"),
    [
        ("iso8601", "2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z", "2026-03-01T11:30:00.5+00:00"),
        ("epoch_s", "1772362800", "1772366400", 1772364600),
        ("epoch_ms", "1772362800000", "1772366400000", 1772364600500),
        ("date", "2026-03-01", "2026-03-02", "2026-03-01"),
    ],
)
def test_bounds_are_written_as_the_partner_reads_them(
    given: Reading, written: str, since: str, until: str, updated: object
) -> None:
    rest = f"""
time: {written}
list: {{path: /orders, query: {{from: "{{since}}", to: "{{until}}"}}}}
records: "@"
"""
    with answering(lambda asked: Reply([{"id": 1, "updated": updated}])) as served:
        side = opened(served, given, rest)
        start = minutes(0) if written != "date" else minutes(0).replace(hour=0)
        (page,) = side.changed(start, minutes(60))
        assert [record.key for record in page.records] == ["1"]
        assert served.asked[0].query == {"from": since, "to": until}


# --- counts ---


@pytest.mark.parametrize(
    ("count", "records", "requests"),
    [
        ("total", 7, 1),
        ("{body: total}", 7, 1),
        ("{header: X-Total-Count}", 7, 1),
        ("{header: X-Other}", None, 1),
        ("{body: data}", None, 1),
        ("{paging: true}", 7, 3),
        ("{request: {path: /count.json}, body: count}", 9, 1),
        ("{request: {path: /count.json}, header: X-Total-Count}", 9, 1),
    ],
)
def test_all_records_are_counted(
    given: Reading, count: str, records: int | None, requests: int
) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/count.json":
            return Reply({"count": 9}, headers={"X-Total-Count": "9"})
        data = cut((whole(asked, "page") - 1) * 3)
        return Reply({"data": data, "total": 7}, headers={"X-Total-Count": "7"})

    rest = BASE % (PAGE, "data", f"pages: {{type: page_number, size: 3}}\ncount: {count}")
    with answering(answer) as served:
        assert opened(served, given, rest).totals().records == records
        assert len(served.asked) == requests


PAGED_COUNT = BASE % (PAGE, "'@'", "pages: {type: page_number, size: 3}\ncount: {paging: true}")


def test_counting_by_paging_leaves_the_budget_to_reading() -> None:
    with reading(ENVIRON, budget=8) as given, answering(by_page) as served:
        assert opened(served, given, PAGED_COUNT).totals().records is None
        assert len(served.asked) == given.budget.used == 2


def test_counting_by_paging_applies_the_filter(given: Reading) -> None:
    with answering(by_page) as served:
        side = opened(served, given, PAGED_COUNT, 'updated_at: updated\nwhere: "id > `3`"')
        assert side.totals().records == 4


# --- answers that are no JSON ---


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
