from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from integration_monitor.signals.asset_check import FOR_EVER
from integration_monitor.signals.verdict import ASSET_CHECKS, Status, Verdict
from integration_monitor.store import check_verdicts, verdicts
from integration_monitor.store.engine import Store
from integration_monitor.store.tables import verdicts as intervals
from integration_monitor_tests.incidents.examples import at, verdict

BOTH = {"orders:a", "orders:b"}


def check(name: str, status: Status, minutes: float) -> Verdict:
    """A verdict about an asset check."""
    found = verdict(status, minutes, signal="asset_check", subject=f"orders:{name}")
    return replace(found, integration=ASSET_CHECKS, valid_until=FOR_EVER)


def record(store: Store, minutes: float, *found: Verdict, watched: set[str] = BOTH) -> int:
    with store.begin() as connection:
        return check_verdicts.record(connection, found, watched, at(minutes))


def latest(store: Store) -> dict[str, tuple[Status, float]]:
    """Subject to status and minute."""
    with store.begin() as connection:
        found = verdicts.latest(connection, ASSET_CHECKS)
    return {each.subject: (each.status, (each.at - at(0)).total_seconds() / 60) for each in found}


def history(store: Store, subject: str) -> list[tuple[str, float, float | None]]:
    """Status, and from when to when in minutes."""
    columns = intervals.c.status, intervals.c.started_at, intervals.c.ended_at
    query = sa.select(*columns).where(intervals.c.subject == subject).order_by(intervals.c.id)
    with store.begin() as connection:
        rows = connection.execute(query).all()
    return [
        (row.status, (row.started_at - at(0)).total_seconds() / 60,
         None if row.ended_at is None else (row.ended_at - at(0)).total_seconds() / 60)
        for row in rows
    ]  # fmt: skip


def test_only_what_changed_is_written(store: Store) -> None:
    both = check("a", "ok", 0), check("b", "fail", 0)
    assert record(store, 1, *both) == 2
    assert record(store, 2, *both) == 0
    assert record(store, 9, check("a", "ok", 8), both[1]) == 1
    assert record(store, 12, check("a", "fail", 11), check("b", "ok", 11)) == 2
    assert latest(store) == {"orders:a": ("fail", 11), "orders:b": ("ok", 11)}
    assert history(store, "orders:a") == [("ok", 0, 11), ("fail", 11, None)]
    assert history(store, "orders:b") == [("fail", 0, 11), ("ok", 11, None)]


def test_a_check_without_news_keeps_its_verdict(store: Store) -> None:
    record(store, 1, check("a", "fail", 0))
    assert record(store, 2) == 0
    assert latest(store) == {"orders:a": ("fail", 0)}


def test_a_check_that_is_not_watched_any_more_ends(store: Store) -> None:
    record(store, 1, check("a", "fail", 0), check("b", "ok", 0))
    record(store, 5, check("b", "ok", 0), watched={"orders:b"})
    assert latest(store) == {"orders:b": ("ok", 0)}
    assert history(store, "orders:a") == [("fail", 0, 5)]
    record(store, 6, check("a", "fail", 0))
    assert history(store, "orders:a") == [("fail", 0, 5), ("fail", 0, None)]


def test_a_worker_whose_clock_is_behind_is_believed(store: Store) -> None:
    record(store, 11, check("a", "fail", 10))
    assert record(store, 12, check("a", "ok", 7)) == 1
    assert latest(store) == {"orders:a": ("ok", 10)}
    assert record(store, 13, check("a", "ok", 7)) == 0


def test_verdicts_about_integrations_are_left_alone(store: Store) -> None:
    with store.begin() as connection:
        verdicts.record(connection, verdict("fail"))
    record(store, 1, watched=set())
    with store.begin() as connection:
        assert len(verdicts.latest(connection)) == 1


def test_what_a_check_under_way_said_before_counts_only_where_it_is_news(store: Store) -> None:
    record(store, 11, check("a", "unknown", 10))
    with store.begin() as connection:
        for earlier, expected in ((check("a", "ok", 5), 0), (check("a", "ok", 12), 1)):
            found = check_verdicts.record(connection, [], BOTH, at(13), earlier=[earlier])
            assert found == expected
    assert latest(store) == {"orders:a": ("ok", 12)}
