"""Every kind of pagination, against a partner that pages so."""

from __future__ import annotations

import pytest

from integration_monitor.manifest.load import load_texts
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError, TooManyRecords
from integration_monitor_tests.observe.answering import Answer, Asked, Reply, answering
from integration_monitor_tests.observe.paging_partners import (
    ALL,
    BASE,
    CURSOR,
    ORDERS,
    PAGE,
    by_address,
    by_cursor,
    by_cursor_that_is_always_there,
    by_header,
    by_keyset,
    by_link,
    by_offset,
    by_page,
    by_page_of_at_most_ten,
    by_page_with_flag,
    cut,
)
from integration_monitor_tests.observe.readings import reading
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
