from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from integration_monitor.incidents.domain import Subject
from integration_monitor.incidents.scope import Scope, scope
from integration_monitor.manifest.domain import (
    BrokenManifest,
    Cadence,
    Fleet,
    Integration,
    ManifestError,
    Owner,
    Reference,
    Side,
    SqlSide,
    Sync,
)
from integration_monitor.signals.asset_check import FOR_EVER
from integration_monitor.signals.verdict import ASSET_CHECKS, Status, Verdict
from integration_monitor_tests.incidents.examples import World, verdict

SIDE = Side(SqlSide(Reference("URL"), table="contacts"), key="id")
HOURLY = Sync("contacts", Cadence("0 * * * *", "1h", timedelta(hours=1)), SIDE, SIDE)
CRM = Integration("crm", Owner("CRM", "crm@example.com"), "crm.yaml", "CRM")
BROKEN = BrokenManifest("billing", "billing.yaml", (ManifestError("billing.yaml", 1, 1, "no"),))
GONE = Scope(frozenset([Subject("crm", "-")]), complete=True)
HELD = Scope(frozenset([Subject("crm", "-")]), complete=False)


def test_every_integration_is_watched_as_a_whole_also_a_broken_one() -> None:
    found = scope(Fleet(".", integrations=(CRM,), broken=(BROKEN,)))
    assert found.watched == {Subject("crm", "-"), Subject("billing", "-")}
    assert not found.complete


def test_only_a_fleet_without_errors_lets_go() -> None:
    assert scope(Fleet(".", integrations=(CRM,))).complete
    assert not scope(Fleet(".")).complete
    error = ManifestError("monitor.yaml", 1, 1, "no")
    assert not scope(Fleet(".", integrations=(CRM,), monitor_errors=(error,))).complete


def test_an_incident_of_a_removed_sync_is_closed() -> None:
    world = World()
    world.step(0, verdict("fail"))
    world.scope = GONE
    assert world.see(1, verdict("fail")) == ["broken resolved"]
    assert world.incidents[0].closed_reason == "no longer watched"
    assert world.see(2, verdict("fail")) == []


def test_an_incident_is_held_while_a_manifest_is_broken() -> None:
    world = World()
    world.step(0, verdict("fail"))
    before = world.incidents
    world.scope = HELD
    assert world.see(300, verdict("ok", 300)) == []
    assert world.incidents == before


def test_an_unwatched_subject_opens_nothing() -> None:
    world = World(scope=GONE)
    world.step(0, verdict("fail"))
    assert world.incidents == ()


def test_a_sync_that_was_never_measured_is_not_taken_for_a_healthy_one() -> None:
    fleet = Fleet(".", integrations=(replace(CRM, syncs={"contacts": HOURLY}),))
    world = World(scope=scope(fleet))
    assert world.see(0) == []
    assert world.see(119) == []
    assert world.see(120) == ["blind opened"]
    assert world.incidents[0].reason == "it was never measured"
    assert world.see(121, verdict("ok", 121)) == ["blind recovering"]


def test_a_sync_that_waits_for_its_first_run_is_no_incident() -> None:
    fleet = Fleet(".", integrations=(replace(CRM, syncs={"contacts": HOURLY}),))
    world = World(scope=scope(fleet))
    world.step(0)
    world.step(60, verdict("ok", 60))
    assert world.incidents == ()
    assert world.transitions == []


def test_the_manifest_check_is_about_the_integration_as_a_whole() -> None:
    world = World(scope=HELD)
    done = world.step(0, verdict("fail", signal="manifest", subject="-"))
    assert [each.incident.subject for each in done.transitions] == [Subject("crm", "-")]


def test_syncs_of_a_broken_manifest_are_not_taken_for_healthy_ones() -> None:
    broken = replace(BROKEN, name="crm", file="crm.yaml")
    world = World(scope=scope(Fleet(".", broken=(broken,))))
    measured = verdict("ok")
    failed = verdict("fail", 59, signal="manifest", subject="-")
    assert world.see(59, measured, failed) == ["broken opened"]
    assert world.see(61, measured, failed) == []
    assert world.see(76, measured, failed) == ["blind opened"]
    assert world.incidents[-1].reason.startswith("not measured since")


def test_an_incident_of_a_broken_manifests_sync_stays_open_and_is_reminded_of() -> None:
    broken = replace(BROKEN, name="crm", file="crm.yaml")
    world = World()
    world.step(0, verdict("fail"))
    world.scope = scope(Fleet(".", broken=(broken,)))
    world.step(61, verdict("fail"))
    assert world.see(240, verdict("fail")) == ["broken reminded", "blind opened"]
    assert world.states() == {"broken": "open", "blind": "open"}


def test_a_repaired_manifest_that_nobody_reloads_is_told() -> None:
    broken = replace(BROKEN, name="crm", file="crm.yaml")
    world = World(scope=scope(Fleet(".", broken=(broken,))))
    failed = verdict("fail", signal="manifest", subject="-")
    repaired = verdict("ok", 1, signal="manifest", subject="-")
    assert world.see(0, failed) == ["broken opened"]
    assert world.see(1, repaired) == ["broken recovering"]
    assert world.see(16, repaired) == ["broken resolved", "blind opened"]
    assert "before a reload" in world.incidents[-1].reason
    assert world.see(17, replace(failed, at=repaired.at)) == ["broken opened"]
    assert world.states() == {"broken": "open", "blind": "open"}
    world.scope = Scope(frozenset([Subject("crm", "-")]), complete=True)
    assert world.see(18, repaired) == ["broken recovering", "blind recovering"]


def test_asset_checks_are_let_go_only_where_it_is_known_which_there_are() -> None:
    gone = Subject(ASSET_CHECKS, "orders:not_null")
    crm = Fleet(".", integrations=(CRM,))
    broken = Fleet(".", broken=(BROKEN,))
    assert not scope(crm).lets_go(gone)
    assert scope(crm, []).lets_go(gone)
    assert scope(broken, []).lets_go(gone)
    assert not scope(broken, []).lets_go(Subject("crm", "contacts"))
    assert scope(crm, ["orders:not_null"]).follows(gone)


def test_a_check_that_runs_once_a_day_is_resolved_by_one_result_that_lasts() -> None:
    subject = "orders:not_null"
    world = World(scope=scope(Fleet("."), [subject]))

    def seen(status: Status, minutes: float) -> Verdict:
        found = verdict(status, minutes, signal="asset_check", subject=subject)
        return replace(found, integration=ASSET_CHECKS, valid_until=FOR_EVER)

    assert world.see(0, seen("fail", 0)) == ["broken opened"]
    assert world.see(1439, seen("fail", 0)) == ["broken reminded"]
    assert world.see(1440, seen("ok", 1440)) == ["broken recovering"]
    assert world.see(1449, seen("ok", 1440)) == []
    assert world.see(1450, seen("ok", 1440)) == ["broken resolved"]
    assert world.see(30 * 1440, seen("ok", 1440)) == []
