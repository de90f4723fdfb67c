"""What somebody accepted, and definitions that change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from integration_monitor.observe.side import Totals
from integration_monitor.store import ledger, ledger_listing
from integration_monitor.store.accept import accept_gaps, accept_totals
from integration_monitor.store.engine import Store
from integration_monitor_tests.observe.memory import NOON, Reconciliation, ago, closed_reasons


def test_a_changed_definition_supersedes_what_was_open_and_says_so(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    case.source.put("1", ago(minutes=5))
    case.run()
    case.source.records = []
    case.sync = replace(case.sync, source=replace(case.sync.source, where="active"))
    verdict = case.run()
    assert verdict.status == "ok"
    assert "the definition of the sync changed: coverage starts anew, 1 open gaps" in verdict.reason
    assert closed_reasons(store) == ["superseded"]


def test_an_accepted_gap_does_not_come_back_from_the_overlap(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    case.source.put("1", ago(minutes=5))
    case.run()
    with store.begin() as connection:
        rows = ledger_listing.gaps(connection, "crm", "contacts")
        ledger.close(
            connection, [row.id for row in rows], "accepted", at=NOON, by="me", note="test"
        )
    case.clock.pass_(minutes=1)
    verdict = case.run()
    assert case.open() == []
    assert verdict.evidence["gaps"] == 0


def test_what_was_accepted_and_arrives_after_all_explains_no_difference(store: Store) -> None:
    case = Reconciliation(store, grace=timedelta(0))
    for minute in (5, 3):  # two versions of one record are one record of the totals
        case.source.put("1", ago(minutes=minute))
        case.run()
    with store.begin() as connection:
        accept_gaps(
            connection, "crm", "contacts", tenant=None, keys=[], by="me", note="test", at=NOON
        )
    for _ in range(2):
        assert (case.run().status, case.result.unexplained) == ("ok", 0)
    case.destination.copy_from(case.source)
    for _ in range(2):
        assert (case.run().status, case.result.unexplained) == ("ok", 0)


def test_what_is_accepted_during_a_run_stays_accepted(store: Store) -> None:
    case = Reconciliation(store)
    case.source.put("old", ago(days=90))
    case.run()
    count = case.source.totals

    def totals_while_somebody_accepts() -> Totals:
        with store.begin() as connection:
            accept_totals(connection, "crm", "contacts")
        return count()

    case.source.totals = totals_while_somebody_accepts  # type: ignore[method-assign]
    case.run()
    case.source.totals = count  # type: ignore[method-assign]
    assert case.run().status == "ok"
    assert case.result.unexplained == 0
