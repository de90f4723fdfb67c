"""What is particular about HubSpot: a cap of results, a filter of ours, customers who leave."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integration_monitor_tests.integrations import hubspot
from integration_monitor_tests.integrations.case import Changed
from integration_monitor_tests.integrations.conftest import Run


@pytest.mark.slow
def test_a_bulk_change_over_the_cap_of_a_search_is_read_in_halves(run: Run) -> None:
    case = run(hubspot.CONTACTS)
    at = case.clock() - timedelta(hours=3)
    changed = [Changed(str(n), at + timedelta(seconds=n // 5), "acme") for n in range(10_050)]
    case.at_source(*changed)
    case.arrive(*changed[1:])
    measured = case.measure()
    assert measured.source["read"] == len(changed)
    case.clock.pass_(minutes=11)
    assert case.measure().verdicts[0].status == "warn"
    assert (case.gaps(), case.api.refused) == ({changed[0].gap("missing")}, [])


def test_a_deal_that_is_not_won_is_not_owed(run: Run) -> None:
    case = run(hubspot.DEALS)
    lost = case.change(1)
    case.api.put("acme", "7", case.clock() - timedelta(hours=1), dealstage="qualified")
    case.measure()
    case.clock.pass_(minutes=31)
    case.measure()
    assert case.gaps() == {lost.gap("missing")}
    case.api.put(lost.tenant, lost.key, case.clock(), dealstage="closedlost")
    assert (case.measure().verdicts[0].status, case.gaps()) == ("ok", set())


def test_a_customer_whose_token_ended_does_not_hide_the_others(run: Run) -> None:
    case = run(hubspot.CONTACTS)
    with case.connect() as connection:
        connection.execute("update hubspot_accounts set access_token = 'x' where tenant = 'acme'")
    case.arrive(case.change(1))
    verdict = case.measure().verdicts[0]
    assert (verdict.status, verdict.blind) == ("unknown", ("acme",))
    assert "401" in verdict.reason
