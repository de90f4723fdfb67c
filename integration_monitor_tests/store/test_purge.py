from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from integration_monitor.incidents.domain import Transition
from integration_monitor.manifest.domain import Retention
from integration_monitor.signals.schema_changes import Change
from integration_monitor.signals.shape import FieldShape, Shape
from integration_monitor.store import (
    baselines,
    coverage,
    incidents,
    ledger,
    outbox,
    tables,
    verdicts,
)
from integration_monitor.store.baselines import SideUnit
from integration_monitor.store.coverage import Unit
from integration_monitor.store.engine import Store
from integration_monitor.store.ledger import Sighting
from integration_monitor.store.purge import purge
from integration_monitor_tests.incidents.examples import START, at, verdict
from integration_monitor_tests.store.test_incidents import INCIDENT

RETENTION = Retention(hours=timedelta(days=1), verdicts=timedelta(days=3), gaps=timedelta(days=2))
UNIT = Unit("crm", "contacts", "-")
KEPT = ("verdicts", "owed", "volumes", "incidents", "transitions", "outbox")


def rows(store: Store) -> dict[str, int]:
    """How many rows each table has."""
    with store.begin() as connection:
        return {
            name: connection.execute(
                sa.select(sa.func.count()).select_from(getattr(tables, name))
            ).scalar_one()
            for name in KEPT
        }


def purged(store: Store, now: datetime) -> int:
    with store.begin() as connection:
        return purge(connection, RETENTION, now)


def an_incident(store: Store, *, resolved: bool, sent: bool) -> None:
    incident = replace(INCIDENT, state="resolved", resolved_at=at(5)) if resolved else INCIDENT
    with store.begin() as connection:
        saved = incidents.save(connection, incident)
        incidents.add_transition(connection, Transition("opened", saved, at(1), "broken"))
        outbox.add(
            connection, dedup_key=f"{saved.id}", incident_id=saved.stored_id, channel="oncall",
            reason="opened", alert={}, at=at(1),
        )  # fmt: skip
        if sent:
            outbox.mark_sent(connection, 1, at(1))


def test_each_thing_is_kept_for_its_own_time(store: Store) -> None:
    with store.begin() as connection:
        for found in (verdict("fail"), verdict("ok", 5)):
            verdicts.record(connection, found)
        coverage.add_volumes(connection, UNIT, {("acme", START): 3})
        lost = [Sighting(key, START, "acme", "missing") for key in ("a", "b", "c")]
        ledger.add(connection, UNIT, lost, first_seen=START, at=START, gap_since=START)
        found_again, accepted, _ = ledger.open_rows(connection, UNIT)
        ledger.close(connection, [found_again.id], "arrived", at=at(5))
        ledger.close(connection, [accepted.id], "accepted", at=at(5), by="me", note="known")
    an_incident(store, resolved=True, sent=True)
    everything = dict.fromkeys(KEPT, 1) | {"verdicts": 2, "owed": 3}
    assert rows(store) == everything
    assert purged(store, at(4)) == 0
    assert purged(store, START + timedelta(days=1, hours=1)) == 1
    assert rows(store) == everything | {"volumes": 0}
    assert purged(store, START + timedelta(days=2, hours=1)) == 1
    assert rows(store) == everything | {"volumes": 0, "owed": 2}
    assert purged(store, START + timedelta(days=400)) == 4
    # The latest verdict, the open gap and the accepted one.
    assert rows(store) == dict.fromkeys(KEPT, 0) | {"verdicts": 1, "owed": 2}


def test_superseded_schemas_go_with_their_changes_and_the_present_one_stays(store: Store) -> None:
    unit = SideUnit("crm", "contacts", "source", "-")
    shape = Shape({"a": FieldShape({"integer": 9}, 9, 0, 9)}, 9)
    lost = Change("a", "lost", "integer", "absent")
    with store.begin() as connection:
        first = baselines.record(connection, unit, shape, fingerprint="x", at=START)
        baselines.save_changes(connection, first, [lost], START)
        assert baselines.accept_changes(connection, unit, by="me", note="so be it", at=at(5)) == 1
        second = baselines.current(connection, unit)
        assert second is not None
        baselines.save_changes(connection, second, [lost], at(6))
    assert purged(store, START + timedelta(days=2)) == 0
    assert purged(store, START + timedelta(days=400)) == 2
    with store.begin() as connection:
        assert baselines.history(connection, "crm", "contacts") == [second]
        assert len(baselines.open_changes(connection, second)) == 1


def test_what_is_open_or_unsent_is_never_deleted(store: Store) -> None:
    an_incident(store, resolved=True, sent=False)
    an_incident(store, resolved=False, sent=False)
    assert purged(store, START + timedelta(days=400)) == 0
