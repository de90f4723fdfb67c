"""Whole measurements of partners that refuse: at once, and in the middle of paging."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from integration_monitor.measure import measure_integration
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import coverage
from integration_monitor.store.coverage import Unit
from integration_monitor.store.engine import Store
from integration_monitor_tests.observe.authentication.guarded import (
    ENVIRON,
    KEYS,
    SECRET,
    Guarded,
    Received,
    integration,
    running,
)
from integration_monitor_tests.observe.authentication.kinds import KINDS, guarded
from integration_monitor_tests.observe.memory import Clock
from integration_monitor_tests.observe.readings import NOW

UNIT = Unit("crm", "contacts", "acme")
TIMES = {"1": "12:10:00", "2": "14:20:00", "3": "14:30:00"}


class Case:
    """One partner and tenant, a warehouse that has all contacts, and a clock turned by hand."""

    def __init__(self, store: Store, warehouse: str) -> None:
        self.store = store
        self.warehouse = warehouse
        self.clock = Clock(NOW)
        with psycopg.connect(warehouse) as connection:
            connection.execute("create table contacts (id text, updated_at timestamptz)")
            for key in KEYS:
                at = datetime.fromisoformat(f"2026-03-01T{TIMES[key]}Z")
                connection.execute("insert into contacts values (%s, %s)", [key, at])

    def verdict(self, partner: Guarded, auth: str) -> Verdict:
        """Of the reconciliation, measured now."""
        partner.clock, partner.times = self.clock, TIMES
        (measured,) = measure_integration(
            integration(partner, auth),
            store=self.store,
            environ={**ENVIRON, "WAREHOUSE_URL": self.warehouse},
            clock=self.clock,
        )
        return measured.verdicts[0]

    def covered_to(self) -> datetime:
        with self.store.begin() as connection:
            found = coverage.load(connection, UNIT)
        assert found is not None
        assert found.covered_to is not None
        return found.covered_to


@pytest.fixture
def case(store: Store, database_url: str) -> Case:
    return Case(store, database_url)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_unknown_with_the_tenant_and_the_endpoint(
    case: Case, kind: str, status: int
) -> None:
    partner, auth = guarded(kind)
    partner.accepts, partner.refuses_with = lambda _: False, status
    with running(partner):
        verdict = case.verdict(partner, auth)
    assert verdict.status == "unknown"
    assert verdict.blind == ("acme",)
    assert f"GET /contacts for tenant acme answered {status}" in verdict.reason
    assert SECRET not in repr(verdict)


def test_a_refused_client_is_unknown(case: Case) -> None:
    partner, auth = guarded("client credentials")
    with running(partner):
        verdict = case.verdict(partner, auth.replace("{connection.user}", "somebody"))
    assert verdict.status == "unknown"
    assert "POST /token for tenant acme answered 401, invalid_client" in verdict.reason
    assert SECRET not in repr(verdict)
    assert len(partner.token_requests) == 1


def test_client_credentials_that_expire_while_pages_are_read_are_renewed(case: Case) -> None:
    partner, auth = guarded("client credentials")
    issued = partner.accepts

    def accepts(received: Received) -> bool:
        expired = "page=2" in received.target and received.token == "token-2"
        return issued(received) and not expired

    with running(partner):
        assert case.verdict(partner, auth).status == "ok"
        partner.accepts = accepts
        case.clock.pass_(hours=3)
        verdict = case.verdict(partner, auth)
    assert verdict.status == "ok"
    assert verdict.evidence["read"] == 3
    # One for each measurement, and one that was renewed.
    assert len(partner.token_requests) == 3
    assert case.covered_to() == NOW + timedelta(hours=3)


def test_a_bearer_token_that_expires_while_pages_are_read_leaves_the_rest_unread(
    case: Case,
) -> None:
    partner, auth = guarded("bearer")
    with running(partner):
        assert case.verdict(partner, auth).status == "ok"
        partner.accepts = lambda received: "page=2" not in received.target
        case.clock.pass_(hours=3)
        verdict = case.verdict(partner, auth)
        assert verdict.status == "unknown"
        assert "GET /contacts for tenant acme answered 401" in verdict.reason
        # The stretch whose second page was refused is not covered; what came before it is.
        read_to = case.covered_to()
        assert datetime(2026, 3, 1, 12, 10, tzinfo=UTC) < read_to
        assert read_to <= datetime(2026, 3, 1, 14, 20, tzinfo=UTC)

        partner.accepts = lambda _: True
        verdict = case.verdict(partner, auth)
    assert verdict.status == "ok"
    assert case.covered_to() == NOW + timedelta(hours=3)


def test_syncs_of_a_measurement_share_a_token(case: Case) -> None:
    partner, auth = guarded("client credentials")
    with running(partner):
        partner.clock = case.clock
        crm = integration(partner, auth)
        several = {name: replace(crm.syncs["contacts"], name=name) for name in "abcd"}
        measured = measure_integration(
            replace(crm, syncs=several),
            store=case.store,
            environ={**ENVIRON, "WAREHOUSE_URL": case.warehouse},
            clock=case.clock,
        )
    assert {each.verdicts[0].status for each in measured} == {"ok"}
    assert len(partner.token_requests) == 1
