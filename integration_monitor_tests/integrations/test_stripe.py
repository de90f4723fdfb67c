"""What is particular about Stripe: lists by creation, changes by events, expanded objects."""

from __future__ import annotations

from datetime import timedelta

from integration_monitor_tests.integrations import stripe
from integration_monitor_tests.integrations.conftest import Run


def test_a_charge_that_failed_is_not_owed(run: Run) -> None:
    case = run(stripe.CHARGES)
    case.api.put("europe", "ch_failed", case.clock() - timedelta(hours=1), status="failed")
    case.measure()
    case.clock.pass_(minutes=16)
    assert (case.measure().verdicts[0].status, case.gaps()) == ("ok", set())


def test_the_transaction_of_a_charge_is_asked_for_with_it(run: Run) -> None:
    case = run(stripe.CHARGES)
    lost = case.change(0)
    case.measure()
    case.clock.pass_(minutes=16)
    case.measure()
    listed, looked_up = case.api.asked("/v1/charges"), case.api.asked(f"/v1/charges/{lost.key}")
    assert {one.parameters["expand[]"] for one in listed} == {"data.balance_transaction"}
    assert {one.parameters["expand[]"] for one in looked_up} == {"balance_transaction"}


def test_a_subscription_that_changed_again_is_paid_by_its_last_event(run: Run) -> None:
    case = run(stripe.SUBSCRIPTIONS)
    case.change(0)
    case.measure()
    case.clock.pass_(minutes=5)
    changed_again = case.change(0)
    case.measure()
    case.clock.pass_(minutes=16)
    case.arrive(changed_again)
    assert (case.measure().verdicts[0].status, case.gaps()) == ("ok", set())
