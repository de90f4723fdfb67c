from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from integration_monitor.demo.behaviour import (
    LIMITED_EACH,
    SLOW_EACH,
    WELL,
    Behaviour,
    Treatment,
    behaviour,
    treatment,
)
from integration_monitor.demo.company import TENANTS, IntegrationName
from integration_monitor.demo.faults import FAULTS, INTEGRATIONS, Fault

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OF_THE_COMPANY = ("drop-records", "stop-sync")


@pytest.mark.parametrize("fault", get_args(Fault))
@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_a_fault_is_the_partners_or_the_companys(
    fault: Fault, integration: IntegrationName
) -> None:
    is_well = behaviour(fault, integration, tenant="acme", now=NOON) == WELL
    assert is_well == (fault in OF_THE_COMPANY)
    assert fault in FAULTS


@pytest.mark.parametrize(
    ("behaves", "synced", "treatments"),
    [
        (WELL, True, ["serve"] * 8),
        (Behaviour(slow=True), True, ["delay", *["serve"] * 6, "delay"]),
        (Behaviour(slow=True), False, ["serve"] * 8),
        (Behaviour(limited=True), False, (["turn_away", *["serve"] * 4] * 2)[:8]),
        (Behaviour(outage=True), False, ["fail", "drop"] * 4),
    ],
    ids=["well", "slow", "slow elsewhere", "limited", "outage"],
)  # fmt: skip
def test_what_happens_to_calls(
    behaves: Behaviour, synced: bool, treatments: list[Treatment]
) -> None:
    assert [treatment(behaves, number, synced=synced) for number in range(8)] == treatments


@pytest.mark.parametrize("each", [SLOW_EACH, LIMITED_EACH])
def test_it_is_not_always_the_same_tenant(each: int) -> None:
    assert len({number % len(TENANTS) for number in range(0, 1000, each)}) == len(TENANTS)
