"""What pages of known APIs look like, and what is proposed for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.draft.looks import (
    Time,
    find_count,
    find_keys,
    find_pages,
    find_records,
    find_times,
    find_types,
    is_newest_first,
)
from integration_monitor.draft.paths import scalars

CRM = {
    "total": 31,
    "results": [
        {"id": "1", "properties": {"email": "a@b"}, "createdAt": "2026-01-01T00:00:00Z",
         "updatedAt": "2026-02-01T00:00:00Z", "archived": False},
        {"id": "2", "properties": {"email": None}, "createdAt": "2026-01-02T00:00:00Z",
         "updatedAt": "2026-02-02T00:00:00Z", "archived": False},
    ],
    "paging": {"next": {"after": "2", "link": "https://api.example.com/x?after=2"}},
}  # fmt: skip
PAYMENTS = {
    "object": "list",
    "has_more": True,
    "url": "/v1/charges",
    "data": [
        {"id": "ch_1", "amount": 100, "created": 1_770_000_000, "customer": "cus_1"},
        {"id": "ch_2", "amount": 100, "created": 1_770_000_500, "customer": "cus_1"},
    ],
}
OBJECTS = {
    "totalSize": 2,
    "done": False,
    "nextRecordsUrl": "/services/data/v60.0/query/01g-2000",
    "records": [{"Id": "003A", "SystemModstamp": "2026-02-01T00:00:00.000+0000"}],
}
ISSUES: list[dict[str, Any]] = [
    {"id": 11, "number": 2, "updated_at": "2026-02-02T00:00:00Z", "user": {"id": 7}},
    {"id": 10, "number": 1, "updated_at": "2026-02-01T00:00:00Z", "user": {"id": 7}},
]


@pytest.mark.parametrize(
    ("document", "path", "key", "time"),
    [
        (CRM, "results", "id", Time("updatedAt", "iso8601")),
        (PAYMENTS, "data", "id", Time("created", "epoch_s")),
        (OBJECTS, "records", "Id", Time("SystemModstamp", "iso8601")),
        (ISSUES, "@", "id", Time("updated_at", "iso8601")),
    ],
)
def test_records_key_and_time(document: object, path: str, key: str, time: Time) -> None:
    found = find_records(document)
    assert found is not None
    assert found[0] == path
    assert find_keys(found[1])[0] == key
    assert find_times(found[1])[0] == time


@pytest.mark.parametrize(
    ("document", "headers", "count"),
    [
        (CRM, {}, "total"),
        (OBJECTS, {}, "totalSize"),
        (PAYMENTS, {}, None),
        (ISSUES, {"x-total-count": "90"}, {"header": "X-Total-Count"}),
        ({"count": 1, "items": []}, {}, None),
    ],
)
def test_count(document: object, headers: dict[str, str], count: object) -> None:
    assert find_count(document, headers, 2) == count


@pytest.mark.parametrize(
    ("document", "headers", "pages", "query"),
    [
        (CRM, {}, {"type": "cursor", "body": "paging.next.after"}, {"after": "{cursor}"}),
        (OBJECTS, {}, {"type": "next_url", "body": "nextRecordsUrl"}, {}),
        (PAYMENTS, {}, {"type": "keyset", "cursor": "[-1].id", "more": "has_more"},
         {"starting_after": "{cursor}"}),
        (ISSUES, {"link": '<https://api.example.com/x?page=2>; rel="next"'},
         {"type": "link_header"}, {}),
        (ISSUES, {}, {"type": "page_number", "start": 1, "size": 2}, {"page": "{page}"}),
        ({"nextPageToken": "abc", "items": [{}]}, {}, {"type": "cursor", "body": "nextPageToken"},
         {"pageToken": "{cursor}"}),
        ({"links": {"prev": "/a?page=0", "next": "/a?page=2"}}, {},
         {"type": "next_url", "body": "links.next"}, {}),
    ],
)  # fmt: skip
def test_the_way_to_the_next_page_that_is_tried_first(
    document: object, headers: dict[str, str], pages: dict[str, object], query: dict[str, str]
) -> None:
    first = find_pages(document, headers, 2)[0]
    assert (first.pages, first.query) == (pages, query)


def test_what_is_null_or_shared_is_no_key() -> None:
    records: list[dict[str, object]] = [
        {"id": None, "group_id": 1, "ref_id": 5},
        {"id": 2, "group_id": 1, "ref_id": 6},
    ]
    assert find_keys(records) == ["ref_id"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-02-01", "date"),
        ("1770000000000", "epoch_ms"),
        (1_770_000_000, "epoch_s"),
        (7, None),
        ("soon", None),
        (True, None),
        (None, None),
    ],
)
def test_time_formats(value: object, expected: str | None) -> None:
    found = find_times([{"updated": value}])
    assert (found[0].format if found else None) == expected


def test_numbers_are_times_only_under_the_name_of_one() -> None:
    assert find_times([{"amount": 1_770_000_000}]) == []


def test_types_are_told_by_path() -> None:
    assert find_types([{"a": {"b c": 1}}, {"a": {"b c": None}}]) == {'a."b c"': "integer or null"}


def test_newest_first() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    day = timedelta(days=1)
    assert is_newest_first([at, at, at - day])
    assert not is_newest_first([at, at])
    assert not is_newest_first([at - day, at])
    assert not is_newest_first([])


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(documents)
def test_any_document_is_looked_at_without_an_error(document: object) -> None:
    found = find_records(document)
    if found:
        find_keys(found[1])
        find_times(found[1])
        find_types(found[1])
    find_count(document, {}, 1)
    find_pages(document, {"link": "nonsense"}, 1)
    list(scalars(document))
