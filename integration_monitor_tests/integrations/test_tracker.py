"""What is particular about GraphQL: an answer that says 200 and failed; tenants in the records."""

from __future__ import annotations

from dataclasses import replace

from integration_monitor_tests.integrations import tracker
from integration_monitor_tests.integrations.conftest import Run


def test_errors_in_an_answer_that_says_200_are_not_an_empty_list(run: Run) -> None:
    case = run(tracker.ISSUES)
    assert isinstance(case.api, tracker.Tracker)
    case.fill(3)
    case.api.failing = "Internal error: the index is being rebuilt"
    verdict = case.measure().verdicts[0]
    assert verdict.status == "unknown"
    assert "the index is being rebuilt" in verdict.reason


def test_an_issue_that_arrived_for_another_team_is_misplaced(run: Run) -> None:
    case = run(tracker.ISSUES)
    changed = case.change(0)
    case.arrive(replace(changed, tenant="OPS"))
    case.measure()
    case.clock.pass_(minutes=11)
    verdict = case.measure().verdicts[0]
    assert (verdict.status, case.gaps()) == ("fail", {changed.gap("misplaced")})
