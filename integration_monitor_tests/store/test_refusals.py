from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integration_monitor.store import exemplars, ledger, ledger_listing, refusals
from integration_monitor.store.call_batch import NO_TENANT, Exemplar
from integration_monitor.store.coverage import Unit
from integration_monitor.store.engine import Store
from integration_monitor.store.ledger import Sighting

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
VERSION = NOON - timedelta(minutes=10)
UNIT = Unit("billing", "invoices", "-")
CALL = Exemplar(
    NOON, "billing", "invoice", "acme", "bad_request", 422, "email_invalid", "req_1",
    "invalid email", "7",
)  # fmt: skip


def reasons(store: Store, *calls: Exemplar, gap: bool = True) -> dict[str, Exemplar]:
    """By record, where 7 and 8 of acme are owed, and 7 of globex."""
    owed = [
        Sighting(key, VERSION, tenant, "missing")
        for tenant, key in (("acme", "7"), ("acme", "8"), ("globex", "7"))
    ]
    with store.begin() as connection:
        since = NOON if gap else None
        ledger.add(connection, UNIT, owed, first_seen=NOON, at=NOON, gap_since=since)
        exemplars.add(connection, calls)
        found = refusals.of_gaps(connection, "billing", "invoices")
        rows = ledger_listing.gaps(connection, "billing", "invoices")
    return {f"{row.tenant} {row.key}": found[row.id] for row in rows if row.id in found}


def test_the_last_failing_call_explains_the_gap(store: Store) -> None:
    earlier = replace(CALL, at=NOON - timedelta(minutes=1), request_id="req_0")
    assert reasons(store, earlier, CALL) == {"acme 7": CALL}


@pytest.mark.parametrize(
    "call",
    [
        replace(CALL, at=VERSION - timedelta(seconds=6)),
        replace(CALL, integration="crm"),
        replace(CALL, tenant="initech"),
        replace(CALL, key="9"),
        replace(CALL, key=None),
    ],
    ids=["before the version was made", "integration", "tenant", "record", "no record"],
)
def test_other_calls_explain_nothing(store: Store, call: Exemplar) -> None:
    assert reasons(store, call) == {}


def test_a_call_that_names_no_tenant_may_have_been_for_any(store: Store) -> None:
    call = replace(CALL, tenant=NO_TENANT)
    assert reasons(store, call) == {"acme 7": call, "globex 7": call}


def test_what_is_still_on_its_way_is_no_gap(store: Store) -> None:
    assert reasons(store, CALL, gap=False) == {}


def test_gaps_that_are_explained_are_shown_rather_than_older_ones(store: Store) -> None:
    with store.begin() as connection:
        for number in range(5):
            at = NOON + timedelta(minutes=number)
            owed = [Sighting(str(number), VERSION, "acme", "missing")]
            ledger.add(connection, UNIT, owed, first_seen=at, at=at, gap_since=at)
        everything = ledger_listing.gaps(connection, "billing", "invoices")
        newest = everything[-1].id
        shown = ledger_listing.gaps(
            connection, "billing", "invoices", per_tenant=2, rather=[newest]
        )
    assert [row.key for row in everything] == ["0", "1", "2", "3", "4"]
    assert [row.key for row in shown] == ["0", "4"]
