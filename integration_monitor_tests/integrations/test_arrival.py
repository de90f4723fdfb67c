"""Every shipped example that reads a partner tells lost records from arrived ones, by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from integration_monitor.measure import SyncMeasurement
from integration_monitor.store.engine import Store
from integration_monitor_tests.integrations import hubspot, stripe
from integration_monitor_tests.integrations.case import Case, Example

EXAMPLES = (hubspot.CONTACTS, hubspot.DEALS, stripe.CHARGES, stripe.SUBSCRIPTIONS)


@pytest.fixture(params=EXAMPLES, ids=str)
def case(request: pytest.FixtureRequest, store: Store, database_url: str) -> Iterator[Case]:
    example: Example = request.param
    with example.running(store, database_url) as running:
        yield running


def test_what_is_lost_is_named_and_what_arrives_is_let_go(case: Case) -> None:
    pages, tenants = 3, len(case.example.tenants)
    filled = len(case.fill(int((pages - 0.5) * case.example.page * tenants)))
    first = case.measure()
    assert first.verdicts[0].status == "ok", first.verdicts[0].reason
    assert first.source["read"] == filled
    _say_totals(case, first, filled)

    case.clock.pass_(minutes=15)
    arrived, lost, lost_too, aged = (case.change(filled + n) for n in range(4))
    case.arrive(arrived, (aged[0], aged[1] - timedelta(hours=1), aged[2]))
    assert case.measure().verdicts[0].status in ("ok", "warn")
    case.clock.pass_(minutes=case.grace.total_seconds() / 60 + 1)
    second = case.measure().verdicts[0]
    assert (second.status, second.evidence["gaps"]) == ("fail", 3)
    assert case.gaps() == {
        (lost[2], lost[0], "missing"),
        (lost_too[2], lost_too[0], "missing"),
        (aged[2], aged[0], "stale"),
    }

    case.lose(aged[0])
    case.arrive(lost, lost_too, aged)
    last = case.measure()
    assert (last.verdicts[0].status, case.gaps()) == ("ok", set())
    _say_totals(case, last, filled + 4)
    assert case.api.refused == []


def test_a_partner_that_has_enough_for_a_moment_is_asked_again(case: Case) -> None:
    filled = len(case.fill(6))
    case.api.busy = 1
    measured = case.measure()
    assert (measured.verdicts[0].status, measured.source["read"]) == ("ok", filled)


def _say_totals(case: Case, measured: SyncMeasurement, count: int) -> None:
    if case.example.totals:
        assert measured.source["records"] == measured.destination["records"] == count
    else:
        assert "records" not in measured.source
