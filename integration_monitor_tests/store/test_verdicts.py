from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.store import tables, verdicts
from integration_monitor.store.engine import Store

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
OK = Verdict(
    integration="crm",
    subject="contacts",
    signal="reconciliation",
    status="ok",
    reason="all 10 records arrived",
    at=START,
    valid_until=START + timedelta(minutes=2),
)


def _at(verdict: Verdict, minutes: float) -> Verdict:
    at = START + timedelta(minutes=minutes)
    return replace(verdict, at=at, valid_until=at + timedelta(minutes=2))


def _intervals(store: Store) -> list[tuple[str, float, float | None]]:
    def minutes(at: datetime | None) -> float | None:
        return None if at is None else (at - START) / timedelta(minutes=1)

    with store.begin() as connection:
        rows = connection.execute(sa.select(tables.verdicts).order_by(tables.verdicts.c.id))
        return [(row.status, minutes(row.started_at) or 0.0, minutes(row.ended_at)) for row in rows]


def _record(store: Store, *found: Verdict) -> None:
    for verdict in found:
        with store.begin() as connection:
            verdicts.record(connection, verdict)


def test_a_verdict_comes_back_as_it_went_in(store: Store) -> None:
    verdict = replace(
        OK,
        status="fail",
        severity="page",
        evidence={"gaps": 3.0},
        tenants=("acme",),
        parts=(Part("acme", "fail", "3 missing"),),
        details="| key |",
    )
    _record(store, verdict)
    with store.begin() as connection:
        assert verdicts.latest(connection) == (verdict,)
        assert verdicts.latest(connection, "other") == ()


def test_intervals_follow_the_status(store: Store) -> None:
    fail = replace(OK, status="fail", severity="page")
    _record(store, OK, _at(OK, 1), _at(fail, 2), _at(fail, 3), _at(OK, 4))
    assert _intervals(store) == [("ok", 0, 2), ("fail", 2, 4), ("ok", 4, None)]


def test_a_status_that_nobody_confirmed_ends_when_it_became_stale(store: Store) -> None:
    _record(store, OK, _at(OK, 10))
    assert _intervals(store) == [("ok", 0, 2), ("ok", 10, None)]


def test_an_older_verdict_does_not_overwrite_a_newer_one(store: Store) -> None:
    _record(store, _at(OK, 5), _at(replace(OK, status="fail"), 4))
    assert _intervals(store) == [("ok", 5, None)]


def test_forgotten_subjects_have_no_latest_verdict(store: Store) -> None:
    _record(store, OK)
    with store.begin() as connection:
        verdicts.forget(connection, [("crm", "contacts")], START + timedelta(minutes=1))
        assert verdicts.latest(connection) == ()


@pytest.mark.parametrize("before", [(), (OK,)], ids=["the first one", "after another status"])
def test_two_that_record_at_once_wait_for_each_other(
    store: Store, before: tuple[Verdict, ...]
) -> None:
    _record(store, *before)
    failed = replace(_at(OK, 1), status="fail", severity="page")
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as connection:
            verdicts.record(connection, failed)
            second = pool.submit(_record, store, _at(failed, 1))
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
        second.result(timeout=5)
    assert [status for status, *_ in _intervals(store)] == [*(v.status for v in before), "fail"]


def _news(store: Store, verdict: Verdict) -> int:
    with store.begin() as connection:
        stored = verdicts.briefs(connection, verdict.subject, [verdict.integration, "other"])
        return verdicts.record_news(connection, [verdict], stored)


FAIL = replace(OK, status="fail", severity="page", reason="3 missing", tenants=("acme",))


@pytest.mark.parametrize(
    ("before", "after", "written"),
    [
        pytest.param(OK, replace(OK, reason="all 12 records arrived"), 0, id="still ok"),
        pytest.param(OK, FAIL, 1, id="it fails"),
        pytest.param(FAIL, FAIL, 0, id="it fails in the same words"),
        pytest.param(FAIL, replace(FAIL, reason="4 missing"), 1, id="in other words"),
        pytest.param(FAIL, replace(FAIL, tenants=("acme", "bolt")), 1, id="for others too"),
        pytest.param(FAIL, replace(FAIL, severity="ticket"), 1, id="less urgently"),
        pytest.param(FAIL, OK, 1, id="it is well again"),
        pytest.param(OK, replace(OK, signal="freshness"), 1, id="another signal"),
    ],
)
def test_only_what_is_new_is_written(
    store: Store, before: Verdict, after: Verdict, written: int
) -> None:
    assert _news(store, before) == 1
    assert _news(store, _at(after, 0.25)) == written


def test_a_repeated_verdict_is_written_before_it_becomes_stale(store: Store) -> None:
    written = [_news(store, _at(OK, half / 2)) for half in range(40)]
    assert 10 <= sum(written) <= 20
    assert _intervals(store) == [("ok", 0, None)]


def test_not_everything_is_written_again_at_once(store: Store) -> None:
    many = [replace(OK, integration=f"crm{n}") for n in range(60)]
    each = []
    for half in range(4):
        with store.begin() as connection:
            stored = verdicts.briefs(connection, OK.subject, [v.integration for v in many])
            found = [_at(verdict, half / 2) for verdict in many]
            each.append(verdicts.record_news(connection, found, stored))
    assert each[0] == 60
    assert max(each[1:]) < 60
