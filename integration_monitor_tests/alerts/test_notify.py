from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integration_monitor.alerts.notify import StepSummary, update_incidents
from integration_monitor.manifest.domain import BrokenManifest, ManifestError
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import incidents, outbox
from integration_monitor.store.engine import Store, StoreError, open_store
from integration_monitor_tests.alerts.examples import CRM, ONCALL, fleet, monitor, see, webhook
from integration_monitor_tests.incidents.examples import at, verdict

FAIL = verdict("fail", tenants=["acme"], reason="3 of 214 records are missing")
OK = verdict("ok")
ERROR = ManifestError("crm.yaml", 3, 1, "unknown key")


def queued(store: Store) -> list[tuple[str, str]]:
    """(channel, reason) of the alerts in the outbox."""
    with store.begin() as connection:
        return [
            (each.channel, str(each.alert["reason"])) for each in outbox.undelivered(connection)
        ]


def alerts(store: Store) -> list[dict[str, Any]]:
    with store.begin() as connection:
        return [dict(each.alert) for each in outbox.undelivered(connection)]


def test_from_a_failing_verdict_to_a_recovery(store: Store) -> None:
    assert str(see(store, fleet(), 0, FAIL)) == "1 opened, 1 alert queued (crm/contacts)"
    assert str(see(store, fleet(), 1, FAIL)) == "nothing changed"
    assert str(see(store, fleet(), 2, OK)) == "1 recovering (crm/contacts)"
    assert str(see(store, fleet(), 12, OK)) == "1 resolved, 1 alert queued (crm/contacts)"
    assert queued(store) == [("oncall", "opened"), ("oncall", "resolved")]
    with store.begin() as connection:
        assert incidents.current(connection) == ()
        (incident,) = incidents.history(connection)
        past = incidents.transitions_of(connection, incident.stored_id)
    assert [each.happened for each in past] == ["opened", "recovering", "resolved"]


def test_the_same_step_again_changes_nothing(store: Store) -> None:
    see(store, fleet(), 0, FAIL)
    assert update_incidents(store, fleet(), at(0)) == StepSummary()
    assert len(queued(store)) == 1


def test_a_ticket_that_becomes_a_page_reaches_the_pager_as_opened(store: Store) -> None:
    of = fleet(monitor({"page": ("pager",), "ticket": ("queue",)}, webhook("pager")))
    see(store, of, 0, verdict("warn", tenants=["acme"]))
    see(store, of, 1, FAIL)
    see(store, of, 2, OK)
    see(store, of, 12, OK)
    assert queued(store) == [
        ("queue", "opened"),
        ("pager", "opened"),
        ("queue", "worsened"),
        ("pager", "resolved"),
        ("queue", "resolved"),
    ]


def test_without_a_channel_the_incident_is_tracked_and_that_is_said(store: Store) -> None:
    of = fleet(monitor({}))
    assert str(see(store, of, 0, FAIL)) == "1 opened, 1 alert without a channel (crm/contacts)"
    see(store, of, 1, OK)
    assert str(see(store, of, 11, OK)) == "1 resolved (crm/contacts)"
    assert queued(store) == []


def test_a_channel_that_was_added_hears_of_it_as_opened(store: Store) -> None:
    see(store, fleet(monitor({})), 0, FAIL)
    see(store, fleet(), 1, verdict("fail", tenants=["acme", "bolt"]))
    assert queued(store) == [("oncall", "opened")]


def test_unknown_is_an_incident_of_its_own_and_resolves_nothing(store: Store) -> None:
    see(store, fleet(), 0, FAIL)
    see(store, fleet(), 1, verdict("unknown"))
    see(store, fleet(), 16, verdict("unknown"))
    assert [(each["incident"]["kind"], each["reason"]) for each in alerts(store)] == [
        ("broken", "opened"),
        ("blind", "opened"),
    ]


def test_a_removed_sync_is_said_to_be_no_longer_watched(store: Store) -> None:
    see(store, fleet(), 0, FAIL)
    without = fleet(ONCALL, replace(CRM, syncs={}))
    assert str(see(store, without, 1)) == "1 resolved, 1 alert queued (crm/contacts)"
    assert queued(store)[-1] == ("oncall", "no-longer-watched")


def test_a_broken_manifest_is_an_incident_and_holds_the_others(store: Store) -> None:
    see(store, fleet(), 0, FAIL)
    broken = replace(
        fleet(), integrations=(), broken=(BrokenManifest("crm", "crm.yaml", (ERROR,)),)
    )
    manifest = verdict("fail", signal="manifest", subject="-", reason=str(ERROR))
    assert str(see(store, broken, 30, OK, manifest)) == "1 opened, 1 alert queued (crm/-)"
    alert = alerts(store)[-1]
    assert alert["subject"] == "-"
    assert alert["owner"] == {"name": "Integrations team", "email": "team@example.com"}
    assert alert["dagster_url"] == "http://127.0.0.1:3000/assets/crm/manifest?view=checks"
    with store.begin() as connection:
        assert {each.state for each in incidents.current(connection)} == {"open"}


def test_a_mistake_elsewhere_in_monitor_yaml_stops_no_alert(store: Store) -> None:
    broken = replace(fleet(), monitor_errors=(ERROR,))
    assert str(see(store, broken, 0, FAIL)) == "1 opened, 1 alert queued (crm/contacts)"


def test_without_channels_and_routes_nothing_is_decided(store: Store) -> None:
    broken = replace(fleet(monitor({})), monitor_errors=(ERROR,), routing_known=False)
    said = "incidents are held: crm.yaml:3:1: unknown key"
    assert str(see(store, broken, 0, FAIL)) == said
    assert str(see(store, fleet(), 1, FAIL)) == "1 opened, 1 alert queued (crm/contacts)"


def test_a_second_process_does_nothing_meanwhile(store: Store) -> None:
    with store.begin() as connection:
        incidents.try_lock(connection)
        said = str(see(store, fleet(), 0, FAIL))
    assert said == "another process is updating the incidents"


def test_nothing_is_kept_of_a_step_that_fails(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(outbox, "add", fails)
    with pytest.raises(RuntimeError):
        see(store, fleet(), 0, FAIL)
    monkeypatch.undo()
    with store.begin() as connection:
        assert incidents.history(connection) == ()
    assert str(see(store, fleet(), 1, FAIL)) == "1 opened, 1 alert queued (crm/contacts)"


def test_a_store_that_is_away_is_said(store: Store) -> None:
    away = open_store("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreError):
        update_incidents(away, fleet(), at(0))
    away.dispose()


def test_what_an_alert_says(store: Store) -> None:
    late: Verdict = verdict("warn", signal="freshness", reason="20 minutes late")
    see(store, fleet(), 0, FAIL, late)
    (alert,) = alerts(store)
    key = "crm/contacts/broken/20260301T120000Z-1"
    headline, text = alert.pop("headline"), alert.pop("text")
    assert alert == {
        "schema_version": 1,
        "reason": "opened",
        "incident": {"id": 1, "key": key, "kind": "broken"},
        "integration": "crm",
        "title": "Example CRM",
        "subject": "contacts",
        "severity": "page",
        "summary": "3 of 214 records are missing",
        "tenants": {"count": 1, "names": ["acme"], "new": []},
        "findings": [
            {
                "signal": "reconciliation",
                "status": "fail",
                "reason": "3 of 214 records are missing",
                "evidence": {"gaps": 3.0},
            },
            {
                "signal": "freshness",
                "status": "warn",
                "reason": "20 minutes late",
                "evidence": {"gaps": 3.0},
            },
        ],
        "owner": {"name": "Owner of CRM", "email": "crm@example.com"},
        "runbook": {"url": "https://wiki.example.com/crm", "summary": "Start the sync again."},
        "next_steps": ["integration-monitor gaps list crm/contacts"],
        "dagster_url": "http://127.0.0.1:3000/assets/crm/contacts_destination?view=checks",
        "began_at": "2026-03-01T12:00:00Z",
        "opened_at": "2026-03-01T12:00:00Z",
        "resolved_at": None,
        "duration_s": 0.0,
        "at": "2026-03-01T12:00:00Z",
        "asset_check": None,
    }
    assert headline == "[PAGE] Example CRM: contacts: 3 of 214 records are missing"
    assert "Owner: Owner of CRM <crm@example.com>" in text
