"""Whole measurements of partners that page, count and list in their own ways."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from integration_monitor.manifest.load import load_texts
from integration_monitor.measure import measure_integration
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store.coverage import Unit, load
from integration_monitor.store.engine import Store
from integration_monitor_tests.observe.answering import Answer, Asked, Reply, Served, answering
from integration_monitor_tests.observe.memory import Clock
from integration_monitor_tests.observe.readings import NOW
from integration_monitor_tests.observe.rest_examples import (
    ENVIRON,
    manifest,
    orders,
    whole,
)

UNIT = Unit("shop", "orders", "-")


class Case:
    """A partner whose answers a test writes, and a warehouse that has some of its orders."""

    def __init__(self, store: Store, warehouse: Path, served: Served, rest: str, more: str) -> None:
        self.store = store
        self.clock = Clock(NOW)
        self.served = served
        self.warehouse = warehouse
        text = manifest(served.url, rest, more).replace(
            "every: 1m", "every: 1m\n    grace: 0s\n    window: 5m\n    requests: {requests}"
        )
        self.text = text
        with closing(sqlite3.connect(warehouse)) as connection:
            connection.execute("create table orders (id text primary key)")

    def load(self, numbers: Iterator[int] | range) -> None:
        """Orders arrive at the warehouse."""
        with closing(sqlite3.connect(self.warehouse)) as connection:
            connection.executemany("insert into orders values (?)", [(str(n),) for n in numbers])
            connection.commit()

    def verdict(self, requests: int = 1000) -> Verdict:
        self.served.asked.clear()
        fleet = load_texts({"shop.yaml": self.text.replace("{requests}", str(requests))})
        assert fleet.errors == ()
        (measured,) = measure_integration(
            fleet.integrations[0],
            store=self.store,
            environ={**ENVIRON, "WAREHOUSE_URL": f"sqlite:///{self.warehouse}"},
            clock=self.clock,
        )
        return measured.verdicts[0]

    @property
    def covered(self) -> bool:
        with self.store.begin() as connection:
            state = load(connection, UNIT)
        return state is not None and state.covered_to is not None


@contextmanager
def case(
    store: Store, tmp_path: Path, answer: Answer, rest: str, more: str = "updated_at: updated"
) -> Iterator[Case]:
    with answering(answer) as served:
        yield Case(store, tmp_path / "warehouse.db", served, rest, more)


NEWEST = """
list: {path: /orders, mode: MODE, query: {page: "{page}", per_page: "{size}"}}
records: "@"
pages: {type: page_number, size: 3}
"""
COUNTED = """
list: {path: /orders, query: {since: "{since}", until: "{until}", page: "{page}"}}
records: data
pages: {type: page_number, size: 3}
count: total
"""


def newest_first(asked: Asked) -> Reply:
    first = (whole(asked, "page") - 1) * 3
    return Reply(orders(50)[::-1][first : first + 3])


def changed(asked: Asked) -> list[dict[str, object]]:
    """The orders of the range that was asked for, on the page that was."""
    since, until = (asked.query[name].replace("Z", "+00:00") for name in ("since", "until"))
    found = [order for order in orders(50) if since <= order["updated"] < until]
    first = (whole(asked, "page") - 1) * 3
    return found[first : first + 3]


def test_a_range_of_many_windows_is_listed_once(store: Store, tmp_path: Path) -> None:
    with case(store, tmp_path, newest_first, NEWEST.replace("MODE", "newest_first")) as shop:
        shop.load(range(1, 50))
        verdict = shop.verdict()
        assert (verdict.status, verdict.reason) == ("fail", "1 missing (50)")
        # One for the clock, then every page once.
        assert shop.served.values("page") == ["1", *map(str, range(1, 18))]

        shop.load(range(50, 51))
        shop.clock.pass_(minutes=1)
        assert shop.verdict().status == "ok"


def test_newest_first_reads_down_to_coverage_and_its_overlap(store: Store, tmp_path: Path) -> None:
    rest = NEWEST.replace("MODE", "newest_first")
    with case(store, tmp_path, newest_first, rest) as shop:
        shop.text = shop.text.replace("grace: 0s", "grace: 0s\n    overlap: 15m")
        shop.load(range(1, 51))
        assert shop.verdict().status == "ok"
        # Covered to 12:00; the newest orders are of 11:50, 11:49, …, the overlap begins at 11:45.
        assert shop.verdict().status == "ok"
        # Few records tell little of their fields: the first page is looked at once more for them.
        assert shop.served.values("page") == ["1", "1", "2", "3", "1"]


def test_a_budget_that_ends_before_the_list_covers_nothing(store: Store, tmp_path: Path) -> None:
    with case(store, tmp_path, newest_first, NEWEST.replace("MODE", "full")) as shop:
        shop.load(range(1, 51))
        for _ in range(2):
            verdict = shop.verdict(requests=10)
            assert (verdict.status, verdict.severity) == ("unknown", "ticket")
            assert verdict.reason == (
                "nothing was covered yet: there is more than the `requests` of one run can read;"
                " this one came no farther: raise `requests`, or shorten `overlap`"
            )
            assert len(shop.served.asked) <= 10
        assert not shop.covered
        assert shop.verdict().status == "ok"
        assert shop.covered


def test_a_list_in_another_order_than_it_says_is_not_believed(store: Store, tmp_path: Path) -> None:
    def oldest_first(asked: Asked) -> Reply:
        first = (whole(asked, "page") - 1) * 3
        return Reply(orders(50)[first : first + 3])

    with case(store, tmp_path, oldest_first, NEWEST.replace("MODE", "newest_first")) as shop:
        verdict = shop.verdict()
        assert verdict.status == "unknown"
        assert "not sorted so by `updated_at`" in verdict.reason
        assert not shop.covered


def test_a_full_list_without_times_finds_what_is_missing(store: Store, tmp_path: Path) -> None:
    with case(store, tmp_path, newest_first, NEWEST.replace("MODE", "full"), "") as shop:
        shop.load(range(2, 51))
        verdict = shop.verdict()
        assert (verdict.status, verdict.reason) == ("fail", "1 missing (1)")
        shop.clock.pass_(days=30)
        assert shop.verdict().reason == "1 missing (1)"
        shop.load(range(1, 2))
        verdict = shop.verdict()
        assert verdict.status == "ok"
        assert verdict.reason.startswith("nothing is missing: 50 records read")
        assert "one side keeps no version, so only presence was compared" in verdict.reason


def test_a_count_that_lies_covers_nothing(store: Store, tmp_path: Path) -> None:
    def lies(asked: Asked) -> Reply:
        return Reply({"data": changed(asked), "total": 300})

    with case(store, tmp_path, lies, COUNTED) as shop:
        verdict = shop.verdict()
        assert verdict.status == "unknown"
        assert "its count says 300 records, its pages held 0" in verdict.reason
        assert not shop.covered


@pytest.mark.slow
def test_a_page_that_was_skipped_once_is_read_after_all(store: Store, tmp_path: Path) -> None:
    skipped: list[str] = []

    def skips(asked: Asked) -> Reply:
        data = changed(asked)
        if data and asked.query["page"] == "2" and not skipped:
            skipped.append(asked.query["since"])
            data = data[1:]
        return Reply({"data": data, "total": len(everything(asked))})

    def everything(asked: Asked) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        for page in ("1", "2"):
            query = {**asked.query, "page": page}
            found += changed(Asked(asked.method, asked.path, query, None, {}))
        return found

    with case(store, tmp_path, skips, COUNTED) as shop:
        shop.load(range(1, 51))
        verdict = shop.verdict()
        assert (verdict.status, verdict.evidence["read"]) == ("ok", 50)
        assert skipped


@pytest.mark.parametrize(("times", "status"), [(1, "ok"), (1_000, "unknown")])
def test_a_cursor_that_expires_is_begun_anew_once(
    store: Store, tmp_path: Path, times: int, status: str
) -> None:
    expired: list[str] = []

    def expires(asked: Asked) -> Reply:
        first = whole(asked, "after")
        if first == 6 and len(expired) < times:
            expired.append("6")
            return Reply({"message": "cursor expired"}, 400)
        found = orders(50)
        more = {"after": str(first + 3)} if first + 3 < 50 else None
        return Reply({"data": found[first : first + 3], "next": more})

    rest = """
list: {path: /orders, query: {since: "{since}", after: "{cursor}"}}
records: data
next: next.after
"""
    with case(store, tmp_path, expires, rest) as shop:
        shop.load(range(1, 51))
        shop.text = shop.text.replace("window: 5m", "window: 2d")
        verdict = shop.verdict()
        assert verdict.status == status
        assert len(expired) == min(times, 2)
        assert shop.covered is (status == "ok")
        if status == "unknown":
            assert verdict.reason.endswith("does not understand the request; it was page 3")


def test_a_token_that_expires_in_mid_paging_is_told(store: Store, tmp_path: Path) -> None:
    def expires(asked: Asked) -> Reply:
        return newest_first(asked) if whole(asked, "page") < 3 else Reply({}, 401)

    with case(store, tmp_path, expires, NEWEST.replace("MODE", "full")) as shop:
        verdict = shop.verdict()
        assert verdict.status == "unknown"
        assert "answered 401: the credentials are not accepted" in verdict.reason
        assert not shop.covered


@pytest.mark.slow
def test_a_memory_of_a_large_loss_without_times_does_not_grow(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration_monitor.observe.reconcile.OWED_ROWS", 20)
    monkeypatch.setattr("integration_monitor.observe.stretch.OWED_ROWS", 20)
    with case(store, tmp_path, newest_first, NEWEST.replace("MODE", "full"), "") as shop:
        for _ in range(3):
            verdict = shop.verdict()
            assert (verdict.status, verdict.evidence["gaps"]) == ("fail", 50)
            shop.clock.pass_(hours=2)
        shop.load(range(1, 40))
        assert shop.verdict().evidence["gaps"] == 11
        shop.load(range(40, 51))
        assert shop.verdict().status == "ok"
