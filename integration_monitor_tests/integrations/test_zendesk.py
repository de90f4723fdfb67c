"""What is particular about Zendesk: the last minute is left out, deleted tickets are told."""

from __future__ import annotations

from datetime import timedelta

from integration_monitor_tests.integrations import zendesk
from integration_monitor_tests.integrations.case import Changed
from integration_monitor_tests.integrations.conftest import Run


def test_what_the_export_leaves_out_at_first_is_read_by_the_next_run(run: Run) -> None:
    case = run(zendesk.TICKETS)
    recent = Changed("1", case.clock() - timedelta(seconds=20), "-")
    case.at_source(recent)
    assert case.measure().source["read"] == 0
    case.clock.pass_(minutes=15)
    assert case.measure().source["read"] == 1
    case.clock.pass_(minutes=16)
    case.measure()
    assert case.gaps() == {recent.gap("missing")}


def test_a_deleted_ticket_is_not_owed(run: Run) -> None:
    case = run(zendesk.TICKETS)
    lost = case.change(0)
    case.measure()
    case.clock.pass_(minutes=16)
    case.measure()
    assert case.gaps() == {lost.gap("missing")}
    case.api.put("-", lost.key, case.clock() - timedelta(minutes=2), status="deleted")
    for _ in range(2):
        case.clock.pass_(minutes=15)
        verdict = case.measure().verdicts[0]
    assert (verdict.status, case.gaps()) == ("ok", set())
