from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import pytest

from integration_monitor.manifest.calls import CallRules, DeprecationRules
from integration_monitor.signals.deprecation import Announced, judge
from integration_monitor_tests.plugin import an_integration

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HUBSPOT = an_integration()


def notice(
    kind: Literal["deprecation", "sunset"] = "sunset",
    left: int | None = 30,
    *,
    endpoint: str = "contacts",
    seen: timedelta = timedelta(0),
    called: timedelta | None = None,
) -> Announced:
    """A notice about a date so many days ahead, last seen so long ago."""
    on = None if left is None else NOW.date() + left * DAY
    last_call = None if called is None else NOW - called
    return Announced(endpoint, kind, on, None, NOW - seen - DAY, NOW - seen, last_call)


@pytest.mark.parametrize(
    ("left", "status", "severity", "says"),
    [
        (365, "warn", "watch", "contacts: ends on 2027-11-21, in 365 days"),
        (90, "warn", "watch", "in 90 days"),
        (89, "warn", "ticket", "in 89 days"),
        (14, "warn", "ticket", "in 14 days"),
        (13, "fail", "page", "in 13 days"),
        (1, "fail", "page", "in 1 day,"),
        (0, "fail", "page", "ends today, 2026-11-21"),
        (-3, "fail", "page", "was to end on 2026-11-18, 3 days ago"),
        (None, "warn", "ticket", "at a date that cannot be read"),
    ],
)
def test_the_nearer_the_end_the_louder(
    left: int | None, status: str, severity: str, says: str
) -> None:
    verdict = judge(HUBSPOT, [notice(left=left)], NOW)
    assert (verdict.status, verdict.severity) == (status, severity)
    assert says in verdict.reason
    assert verdict.evidence.get("days_left") == left


def test_the_manifest_says_what_is_near() -> None:
    rules = CallRules(deprecation=DeprecationRules(ticket=10 * DAY, page=2 * DAY))
    assert judge(replace(HUBSPOT, calls=rules), [notice(left=30)], NOW).severity == "watch"


def test_the_manifest_says_when_a_notice_counts_as_withdrawn() -> None:
    rules = CallRules(deprecation=DeprecationRules(withdrawn_after=DAY))
    old = notice(seen=2 * DAY, called=timedelta(0))
    assert judge(HUBSPOT, [old], NOW).status == "warn"
    assert judge(replace(HUBSPOT, calls=rules), [old], NOW).status == "ok"


@pytest.mark.parametrize(
    ("left", "says"),
    [(-10, "deprecated since 2026-11-11"), (10, "from 2026-12-01 on"), (None, "deprecated, ")],
)
def test_what_is_deprecated_goes_on_working(left: int | None, says: str) -> None:
    verdict = judge(HUBSPOT, [notice("deprecation", left)], NOW)
    assert (verdict.status, verdict.severity) == ("warn", "watch")
    assert says in verdict.reason
    assert "without a date for its end" in verdict.reason


def test_a_sunset_before_its_deprecation_is_said_and_both_are_kept() -> None:
    verdict = judge(HUBSPOT, [notice("deprecation", 60), notice("sunset", 30)], NOW)
    assert verdict.severity == "ticket"
    assert "calls it deprecated only from 2027-01-20 on" in verdict.reason
    assert verdict.markdown.count("contacts") == 2


def test_a_sunset_after_its_deprecation_is_as_it_should_be() -> None:
    verdict = judge(HUBSPOT, [notice("deprecation", -60), notice("sunset", 30)], NOW)
    assert "deprecated only" not in verdict.reason


def test_the_nearest_end_comes_first() -> None:
    found = [
        notice(left=200, endpoint="deals"),
        notice(left=5),
        notice("deprecation", endpoint="x"),
    ]
    verdict = judge(HUBSPOT, found, NOW)
    assert verdict.severity == "page"
    assert verdict.reason.startswith("contacts: ends on 2026-11-26")
    assert "deals: ends" in verdict.reason
    assert verdict.evidence == {"endpoints_announced": 3.0, "days_left": 5.0}


@pytest.mark.parametrize(
    ("seen", "called", "standing"),
    [
        (6 * DAY, timedelta(0), None),
        (8 * DAY, timedelta(0), "withdrawn"),
        (8 * DAY, 5 * DAY, None),
        (30 * DAY, 20 * DAY, "withdrawn"),
        (30 * DAY, 28 * DAY, "no longer called"),
        (8 * DAY, None, "no longer called"),
    ],
)
def test_a_notice_that_is_not_sent_any_more_counts_for_a_week(
    seen: timedelta, called: timedelta | None, standing: str | None
) -> None:
    verdict = judge(HUBSPOT, [notice(left=5, seen=seen, called=called)], NOW)
    assert verdict.status == ("fail" if standing is None else "ok")
    assert (standing or "ends on") in verdict.reason
    assert str(date(2026, 11, 26)) in verdict.markdown


def test_nothing_announced_is_ok() -> None:
    verdict = judge(HUBSPOT, [], NOW)
    assert (verdict.status, verdict.severity, verdict.reason) == ("ok", None, "no end is announced")
    assert (verdict.integration, verdict.subject, verdict.signal) == (
        "hubspot",
        "api",
        "deprecation",
    )
