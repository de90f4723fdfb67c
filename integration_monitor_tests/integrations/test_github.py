"""What is particular about GitHub: pull requests among the issues, ETags, issues that vanish."""

from __future__ import annotations

from datetime import timedelta

from integration_monitor_tests.integrations import github
from integration_monitor_tests.integrations.conftest import Run


def test_a_pull_request_among_the_issues_is_not_owed(run: Run) -> None:
    case = run(github.ISSUES)
    at = case.clock() - timedelta(hours=1)
    case.api.put("web", "77", at, pull_request={"url": "https://api.github.com/pulls/77"})
    case.measure()
    case.clock.pass_(minutes=31)
    assert (case.measure().verdicts[0].status, case.gaps()) == ("ok", set())


def test_an_ordered_list_is_read_until_what_is_known(run: Run) -> None:
    case = run(github.PULL_REQUESTS)
    case.fill(1_000)
    assert case.measure().source["read"] == 1_000
    case.clock.pass_(minutes=15)
    changed = case.change(0)
    first = len(case.api.requests)
    case.measure()
    assert {one.parameters["page"] for one in case.api.requests[first:]} == {"1"}
    case.clock.pass_(minutes=31)
    case.measure()
    assert case.gaps() == {changed.gap("stale")}


def test_a_list_that_did_not_change_is_asked_for_once_and_not_read(run: Run) -> None:
    case = run(github.PULL_REQUESTS)
    case.fill(500)
    case.measure()
    case.clock.pass_(minutes=15)
    first = len(case.api.requests)
    measured = case.measure()
    again = case.api.requests[first:]
    assert sorted(one.path.split("/")[3] for one in again) == ["api", "web"]
    assert all("if-none-match" in one.headers for one in again)
    assert (measured.verdicts[0].status, measured.source["read"]) == ("ok", 0)


def test_an_issue_that_was_deleted_is_gone(run: Run) -> None:
    case = run(github.ISSUES)
    lost = case.change(0)
    case.measure()
    del case.api.items[lost.tenant][lost.key]
    for _ in range(2):
        case.clock.pass_(minutes=31)
        verdict = case.measure().verdicts[0]
    assert (verdict.status, case.gaps()) == ("ok", set())
