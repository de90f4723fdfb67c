from __future__ import annotations

from dataclasses import replace

from integration_monitor.incidents.domain import Finding, Incident, Subject, Transition
from integration_monitor.store import incidents
from integration_monitor.store.engine import Store
from integration_monitor_tests.incidents.examples import START, at

INCIDENT = Incident(
    subject=Subject("crm", "contacts"),
    kind="broken",
    state="open",
    severity="page",
    reason="3 records are missing",
    tenants=("acme", "bolt"),
    findings=(Finding("reconciliation", "fail", "3 records are missing", {"gaps": 3.0}),),
    began_at=START,
    updated_at=at(1),
    opened_at=at(1),
)


def test_an_incident_comes_back_as_it_went_in(store: Store) -> None:
    with store.begin() as connection:
        saved = incidents.save(connection, INCIDENT)
    assert saved.id is not None
    with store.begin() as connection:
        assert incidents.current(connection) == (saved,)
        recovering = replace(saved, state="recovering", recovering_since=at(2))
        incidents.save(connection, recovering)
        assert incidents.current(connection) == (recovering,)


def test_a_resolved_incident_is_history_and_makes_room_for_another(store: Store) -> None:
    with store.begin() as connection:
        saved = incidents.save(connection, INCIDENT)
        resolved = replace(saved, state="resolved", resolved_at=at(9), closed_reason="recovered")
        incidents.save(connection, resolved)
        assert incidents.current(connection) == ()
        later = incidents.save(connection, replace(INCIDENT, opened_at=at(20)))
        assert incidents.history(connection) == (later, resolved)
        assert incidents.history(connection, limit=1) == (later,)


def test_a_pending_incident_is_no_history_and_can_be_dropped(store: Store) -> None:
    with store.begin() as connection:
        pending = incidents.save(connection, replace(INCIDENT, state="pending", opened_at=None))
        assert incidents.history(connection) == ()
        incidents.drop(connection, [pending])
        assert incidents.current(connection) == ()


def test_what_happened_is_kept_in_order(store: Store) -> None:
    with store.begin() as connection:
        saved = incidents.save(connection, INCIDENT)
        for happened in ("opened", "worsened"):
            transition = Transition(happened, saved, at(1), "3 records are missing", ("bolt",))
            incidents.add_transition(connection, transition)
        past = incidents.transitions_of(connection, saved.stored_id)
    assert [each.happened for each in past] == ["opened", "worsened"]
    assert past[0].new_tenants == ("bolt",)
    assert past[0].at == at(1)


def test_one_steps_at_a_time(store: Store) -> None:
    with store.begin() as first, store.begin() as second:
        assert incidents.try_lock(first)
        assert not incidents.try_lock(second)
    with store.begin() as third:
        assert incidents.try_lock(third)
