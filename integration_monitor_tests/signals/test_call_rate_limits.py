"""Turned away, or near to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integration_monitor.signals import call_rate_limits
from integration_monitor.signals.call_facts import (
    CallFacts,
    EndpointCalls,
    LimitFacts,
    OutcomeCounts,
    Stretches,
)
from integration_monitor.signals.verdict import Verdict
from integration_monitor_tests.call_examples import CRM, NOW, ago


def judged(turned_away: int = 0, of: int = 1500, *limits: LimitFacts) -> Verdict:
    def even(n: int) -> OutcomeCounts:
        return OutcomeCounts(Stretches(n, 2 * n // 15, 3 * n // 15))

    ended = {"ok": even(of - turned_away), "rate_limited": even(turned_away)}
    facts = CallFacts("crm", ago(-1), {"contacts": EndpointCalls(ended)}, limits=limits)
    return call_rate_limits.judge(facts, CRM, NOW)


def limit(remaining: int, *low: str, tenant: str = "acme") -> LimitFacts:
    return LimitFacts("daily", tenant, 1000, remaining, NOW + timedelta(hours=2), NOW, low)


@pytest.mark.parametrize(
    ("turned_away", "of", "status", "severity"),
    [
        (0, 1500, "ok", None),
        (14, 1500, "ok", None),
        (15, 1500, "warn", "ticket"),
        (149, 1500, "warn", "ticket"),
        (150, 1500, "fail", "ticket"),
        (19, 19, "ok", None),
        (20, 20, "fail", "ticket"),
        (2, 20, "ok", None),
    ],
)
def test_the_share_that_was_turned_away(
    turned_away: int, of: int, status: str, severity: str | None
) -> None:
    verdict = judged(turned_away, of)
    assert (verdict.status, verdict.severity) == (status, severity)


def test_little_headroom_is_worth_knowing() -> None:
    verdict = judged(0, 1500, limit(40, "acme", "bolt"))
    assert (verdict.status, verdict.severity) == ("warn", "watch")
    assert verdict.tenants == ("acme", "bolt")
    assert verdict.reason == (
        "daily: 4 % left (40 of 1,000) for acme and 1 other tenant, reset in 2 h;"
        " 0 % of 1,500 calls were turned away in 15 min"
    )
    assert verdict.evidence["daily_headroom"] == 0.04
    assert verdict.evidence["daily_reset_s"] == 7200


def test_who_is_turned_away_is_told_first() -> None:
    verdict = judged(150, 1500, limit(0, "-", tenant="-"))
    assert verdict.reason == (
        "10 % of 1,500 calls were turned away in 15 min — pace the calls, wait for the reset;"
        " daily: 0 % left (0 of 1,000), reset in 2 h"
    )
    assert verdict.tenants == ()


def test_what_is_left_is_said_where_all_is_well() -> None:
    assert judged(0, 1500, limit(600)).reason.endswith("at least 60 % of every limit is left")
    assert judged().reason.endswith("no limit is known")


def test_the_tables() -> None:
    details = judged(15, 1500, limit(-3, "acme")).markdown
    assert "| daily | 0 | 1,000 | 0 % | acme | 2 h |" in details
    assert "| contacts | 1,500 | 15 |" in details
