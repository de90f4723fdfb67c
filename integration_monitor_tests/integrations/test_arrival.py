"""Every shipped example that reads a partner tells lost records from arrived ones, by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from integration_monitor.access import try_access
from integration_monitor.measurement import SyncMeasurement
from integration_monitor_tests.integrations import (
    github,
    hubspot,
    salesforce,
    shopify,
    stripe,
    tracker,
    zendesk,
)
from integration_monitor_tests.integrations.case import Case
from integration_monitor_tests.integrations.conftest import Run

EXAMPLES = (
    hubspot.CONTACTS,
    hubspot.DEALS,
    stripe.CHARGES,
    stripe.SUBSCRIPTIONS,
    salesforce.ACCOUNTS,
    salesforce.OPPORTUNITIES,
    shopify.ORDERS,
    github.ISSUES,
    github.PULL_REQUESTS,
    zendesk.TICKETS,
    tracker.ISSUES,
)


@pytest.fixture(params=EXAMPLES, ids=str)
def case(request: pytest.FixtureRequest, run: Run) -> Case:
    return run(request.param)


def test_what_is_lost_is_named_and_what_arrives_is_let_go(case: Case) -> None:
    # Three pages each: the partner gives no larger ones.
    filled = len(case.fill(5 * case.example.page // 2 * len(case.example.tenants)))
    first = case.measure()
    assert first.verdicts[0].status == "ok", first.verdicts[0].reason
    assert first.source["read"] == filled
    _say_totals(case, first, filled)

    case.clock.pass_(minutes=15)
    arrived, lost, lost_too, aged = (case.change(filled + n) for n in range(4))
    case.arrive(arrived, replace(aged, at=aged.at - timedelta(hours=1)))
    assert case.measure().verdicts[0].status in ("ok", "warn")
    case.clock.pass_(minutes=case.grace.total_seconds() / 60 + 1)
    second = case.measure().verdicts[0]
    assert (second.status, second.evidence["gaps"]) == ("fail", 3)
    assert second.evidence["connections_unread"] == 0, second.reason
    assert case.gaps() == {lost.gap("missing"), lost_too.gap("missing"), aged.gap("stale")}

    case.arrive(lost, lost_too, aged)
    last = case.measure()
    assert (last.verdicts[0].status, case.gaps()) == ("ok", set())
    _say_totals(case, last, filled + 4)
    assert [one for one in last.verdicts if "never seen" in one.reason] == []
    assert case.api.refused == []


def test_a_partner_that_has_enough_for_a_moment_is_asked_again(case: Case) -> None:
    filled = len(case.fill(6))
    case.api.busy = 1
    measured = case.measure()
    assert (measured.verdicts[0].status, measured.source["read"]) == ("ok", filled)


def test_whatever_the_manifest_names_can_be_tried(case: Case) -> None:
    case.fill(6)
    tried = try_access(case.integration, environ=case.environ, clock=case.clock)
    sides = [one for one in tried if one.what.startswith(f"{case.example.sync} ")]
    assert {one.what.split()[1] for one in sides} == {"source", "destination"}
    assert [one for one in sides if one.result != "works"] == []


def _say_totals(case: Case, measured: SyncMeasurement, count: int) -> None:
    if case.example.totals:
        assert measured.source["records"] == measured.destination["records"] == count
    else:
        assert "records" not in measured.source
