"""The verdicts as tables: facts in, status, severity and words out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.manifest.domain import Lag, Tolerance
from integration_monitor.signals import freshness, reconciliation
from integration_monitor.signals.facts import ConnectionFacts, SyncFacts, TenantFacts
from integration_monitor.signals.verdict import Verdict
from integration_monitor_tests.observe.memory import SYNC

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(minutes=2)
LAG = Lag(timedelta(minutes=15), timedelta(hours=1))


def tenant(name: str = "acme", *, age_min: float | None = None, **more: Any) -> TenantFacts:
    oldest = None if age_min is None else NOW - timedelta(minutes=age_min)
    return TenantFacts(name, oldest=oldest, **more)


def one(*tenants: TenantFacts, covered_min: float = 0, **more: Any) -> SyncFacts:
    covered_to = NOW - timedelta(minutes=covered_min)
    return SyncFacts([ConnectionFacts("-", tenants, source_now=NOW, covered_to=covered_to, **more)])


def judged(facts: SyncFacts, **sync: Any) -> Verdict:
    return reconciliation.judge("crm", replace(SYNC, **sync), facts, at=NOW, valid_until=UNTIL)


@pytest.mark.parametrize(
    ("facts", "status", "severity", "words"),
    [
        (one(), "ok", None, "nothing is missing"),
        (one(tenant(gaps={"missing": 2})), "fail", "page", "acme: 2 missing"),
        (one(tenant(gaps={"stale": 1})), "fail", "page", "acme: 1 stale"),
        (one(tenant(gaps={"extra": 1})), "warn", "ticket", "acme: 1 extra"),
        (one(tenant(gaps={"misplaced": 1})), "fail", "page", "acme: 1 misplaced"),
        (one(tenant(pending=3, age_min=5)), "ok", None, "3 on the way"),
        (one(error="401"), "unknown", "ticket", "401"),
        (one(tenant(gaps={"missing": 1}), error="401"), "fail", "page", "acme: 1 missing; 401"),
        (one(unexplained=4, unexplained_before=3), "warn", "ticket", "source holds 4 records more"),
        (one(unexplained=-4, unexplained_before=-1), "warn", "ticket", "destination holds 4"),
        (one(unexplained=4, unexplained_before=-3), "ok", None, "nothing"),
        (one(unexplained=4, unexplained_before=0), "ok", None, "nothing"),
        (one(no_tenant=2), "warn", "ticket", "2 rows without a tenant belong to no connection"),
        (SyncFacts([], error="no route"), "unknown", "ticket", "cannot be listed: no route"),
        (
            SyncFacts(one(tenant(gaps={"missing": 1})).connections, error="no route"),
            "fail",
            "page",
            "acme: 1 missing; the connections cannot be listed: no route",
        ),
        (SyncFacts([]), "unknown", "ticket", "no connection is listed"),
    ],
)
def test_reconciliation(facts: SyncFacts, status: str, severity: str | None, words: str) -> None:
    verdict = judged(facts)
    assert (verdict.status, verdict.severity) == (status, severity)
    assert words in verdict.reason


@pytest.mark.parametrize(
    ("behind", "status"),
    [(timedelta(minutes=5), "warn"), (timedelta(hours=5), "unknown")],
)
def test_behind_is_a_warning_then_unknown(behind: timedelta, status: str) -> None:
    facts = SyncFacts([ConnectionFacts("-", behind=True, covered_to=NOW - behind, source_now=NOW)])
    verdict = judged(facts)
    assert verdict.status == status
    assert "covered to" in verdict.reason
    assert verdict.evidence["behind_s"] == behind.total_seconds()


def test_the_lag_says_how_severe_lateness_is_not_how_severe_a_loss_is() -> None:
    facts = one(tenant(gaps={"missing": 1}, age_min=90))
    lag = replace(LAG, severity="watch")
    assert judged(facts, lag=lag).severity == "page"
    assert fresh(facts, lag).severity == "watch"


def test_many_connections_that_cannot_be_read_are_counted_first() -> None:
    facts = SyncFacts([ConnectionFacts(name, error="503") for name in ("acme", "globex")])
    assert judged(facts).reason == "2 of 2 connections unread: acme: 503; globex: 503"


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 10_000)), min_size=1, max_size=6),
    st.integers(0, 20),
    st.floats(0, 0.1),
)
def test_gaps_are_never_ok_and_fail_above_the_allowance(
    tenants: list[tuple[int, int]], missing: int, ratio: float
) -> None:
    facts = one(
        *(
            tenant(f"t{n}", gaps={"missing": gaps} if gaps else {}, expected=expected)
            for n, (gaps, expected) in enumerate(tenants)
        )
    )
    tolerance = Tolerance(missing=missing, ratio=ratio)
    status = judged(facts, tolerance=tolerance).status
    over = any(gaps > max(missing, ratio * expected) for gaps, expected in tenants)
    total = sum(gaps for gaps, _ in tenants)
    over |= total > max(missing, ratio * sum(expected for _, expected in tenants))
    assert status == ("fail" if over else "warn" if total else "ok")


def fresh(facts: SyncFacts, lag: Lag | None = LAG) -> Verdict:
    return freshness.judge("crm", replace(SYNC, lag=lag), facts, at=NOW, valid_until=UNTIL)


@pytest.mark.parametrize(
    ("facts", "lag", "status", "words"),
    [
        (one(), LAG, "ok", "nothing is owed (warn 15 min, fail 60 min)"),
        (one(tenant(pending=1, age_min=15)), LAG, "ok", "waited 15 min"),
        (one(tenant(pending=1, age_min=16)), LAG, "warn", "waited 16 min for acme"),
        (one(tenant(pending=1, age_min=61)), LAG, "fail", "waited 61 min for acme"),
        (one(tenant(pending=1, age_min=61)), None, "ok", "freshness is not declared"),
        (one(error="401"), LAG, "unknown", "not known: 401"),
        (one(tenant(pending=1, age_min=61), error="401"), LAG, "fail", "; not known: 401"),
        (one(tenant(pending=1, age_min=16), error="401"), LAG, "unknown", "; not known: 401"),
        (SyncFacts([], error="no route"), LAG, "unknown", "no route"),
        (one(behind=True, covered_min=10), LAG, "ok", "nothing is owed"),
        (one(behind=True, covered_min=300), LAG, "unknown", "not known: the source was read to"),
        (one(behind=True, covered_min=300), None, "ok", "not declared"),
    ],
)
def test_freshness(facts: SyncFacts, lag: Lag | None, status: str, words: str) -> None:
    verdict = fresh(facts, lag)
    assert verdict.status == status
    assert words in verdict.reason


def test_the_distance_of_watermarks_is_evidence() -> None:
    facts = one(source_watermark=NOW, destination_watermark=NOW - timedelta(minutes=3))
    assert fresh(facts).evidence["watermark_distance_s"] == 180


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_is_one_of_the_values_and_covers_its_share(
    values: list[float], share: float
) -> None:
    found = freshness.quantile(values, share)
    assert found in values
    assert sum(1 for value in values if value <= found) >= share * len(values)
