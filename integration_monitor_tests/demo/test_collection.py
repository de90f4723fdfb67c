from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.demo.collection import Collection

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def filled(seconds: list[int]) -> Collection:
    collection = Collection(key="id", version="updated_at")
    for number, second in enumerate(seconds):
        collection.put("acme", {"id": f"r{number}"}, NOON + timedelta(seconds=second))
    return collection


@given(
    seconds=st.lists(st.integers(0, 50)),
    start=st.integers(0, 50),
    length=st.integers(0, 50),
    limit=st.integers(1, 7),
)
def test_pages_give_each_record_of_the_range_once(
    seconds: list[int], start: int, length: int, limit: int
) -> None:
    collection = filled(seconds)
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = collection.search(
            "acme",
            since=NOON + timedelta(seconds=start),
            until=NOON + timedelta(seconds=start + length),
            cursor=cursor,
            limit=limit,
        )
        found += [record["id"] for record in page.records]
        cursor = page.next
        if cursor is None:
            break
    inside = [f"r{i}" for i, second in enumerate(seconds) if start <= second < start + length]
    assert sorted(found) == sorted(inside)
    assert page.total == len(inside)


def test_a_record_that_changes_between_pages_is_given_again_and_hides_no_other() -> None:
    collection = filled([1, 2, 3, 4])
    first = collection.search("acme", since=None, until=None, cursor=None, limit=2)
    collection.put("acme", {"id": "r0"}, NOON + timedelta(seconds=9))
    second = collection.search("acme", since=None, until=None, cursor=first.next, limit=2)
    third = collection.search("acme", since=None, until=None, cursor=second.next, limit=2)
    ids = [[record["id"] for record in page.records] for page in (first, second, third)]
    assert ids == [["r0", "r1"], ["r2", "r3"], ["r0"]]


def test_tenants_do_not_see_each_other() -> None:
    collection = filled([1])
    assert collection.read("other", ["r0"]) == []
    assert collection.search("other", since=None, until=None, cursor=None, limit=5).total == 0


def test_a_cursor_of_somebody_else_is_refused() -> None:
    with pytest.raises(ValueError, match="cursor"):
        filled([1]).search("acme", since=None, until=None, cursor="7", limit=5)
