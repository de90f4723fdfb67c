"""A list that tells by its ETag that nothing changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_monitor.store import coverage
from integration_monitor.store.engine import Store
from integration_monitor_tests.observe.answering import Asked, Reply
from integration_monitor_tests.observe.rest_examples import minutes, orders, whole
from integration_monitor_tests.test_measure_rest import UNIT, Case, case

REST = """
list: {path: /orders, mode: newest_first, etag: true, query: {page: "{page}", per_page: "{size}"}}
records: "@"
pages: {type: page_number, size: 3}
"""


class Shop:
    """A partner with orders, newest first, and an ETag for each page."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = orders(50)
        self.statuses: list[int] = []
        self.before_page_one: Callable[[], None] = lambda: None

    def answer(self, asked: Asked) -> Reply:
        if whole(asked, "page") == 1:
            self.before_page_one()
        newest = sorted(self.orders, key=lambda order: str(order["updated"]), reverse=True)
        first = (whole(asked, "page") - 1) * 3
        page = newest[first : first + 3]
        etag = f'W/"{hashlib.sha256(json.dumps(page).encode()).hexdigest()[:8]}"'
        status = 304 if asked.headers.get("if-none-match") == etag else 200
        self.statuses.append(status)
        return Reply(page, status, {"ETag": etag})

    def put(self, number: int, minute: float) -> None:
        self.orders.append({"id": number, "updated": minutes(minute).isoformat()})


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def monitored(store: Store, tmp_path: Path, shop: Shop) -> Iterator[Case]:
    with case(store, tmp_path, shop.answer, REST) as found:
        found.load(range(1, 51))
        assert found.verdict().status == "ok"
        shop.statuses.clear()
        yield found


def test_a_list_that_did_not_change_is_asked_for_once(monitored: Case, shop: Shop) -> None:
    assert monitored.verdict().status == "ok"
    assert shop.statuses == [304]
    assert monitored.verdict().status == "ok"
    assert shop.statuses == [304, 304]


def test_a_change_is_read(monitored: Case, shop: Shop) -> None:
    shop.put(51, 55)
    assert monitored.verdict().reason == "1 missing (51)"
    assert shop.statuses[0] == 200
    monitored.load(range(51, 52))
    shop.statuses.clear()
    assert monitored.verdict().status == "ok"
    assert shop.statuses == [304]


def test_what_changes_while_it_is_read_is_not_taken_for_read(
    store: Store, tmp_path: Path, shop: Shop
) -> None:
    with case(store, tmp_path, shop.answer, REST) as monitored:
        monitored.load(range(1, 51))
        # After the clock was asked for, younger than what coverage will stand for.
        calls = iter(range(10))
        shop.before_page_one = lambda: shop.put(52, 62) if next(calls) == 1 else None
        assert monitored.verdict().status == "ok"
        shop.before_page_one = lambda: None
        shop.statuses.clear()
        monitored.verdict()
        assert shop.statuses[0] == 200


def test_coverage_that_is_set_back_is_read_again(monitored: Case, shop: Shop) -> None:
    with monitored.store.begin() as connection:
        coverage.read_again_from(connection, UNIT, minutes(10))
    assert monitored.verdict().status == "ok"
    assert 304 not in shop.statuses


def test_another_definition_does_not_use_the_etag(monitored: Case, shop: Shop) -> None:
    monitored.text = monitored.text.replace('"@"', '"[?id > `0`]"')
    assert monitored.verdict().status == "ok"
    assert 304 not in shop.statuses


def test_a_list_that_was_not_read_to_its_end_leaves_no_etag(
    store: Store, tmp_path: Path, shop: Shop
) -> None:
    with case(store, tmp_path, shop.answer, REST) as monitored:
        monitored.load(range(1, 51))
        assert monitored.verdict(requests=10).status == "unknown"
        assert monitored.verdict().status == "ok"
        assert 304 not in shop.statuses


def test_an_owed_stretch_is_read_again_all_the_same(
    store: Store, tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration_monitor.observe.reconcile.OWED_ROWS", 20)
    monkeypatch.setattr("integration_monitor.observe.stretch.OWED_ROWS", 20)
    with case(store, tmp_path, shop.answer, REST) as monitored:
        for _ in range(2):
            assert monitored.verdict().evidence["gaps"] == 50
        monitored.load(range(1, 49))
        assert monitored.verdict().evidence["gaps"] == 2
