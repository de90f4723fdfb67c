from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from integration_monitor.demo.home import Addresses
from integration_monitor.demo.status import DemoStatus, as_text, told
from integration_monitor.demo.story import Event, Witness
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store.engine import Store
from integration_monitor.store.tables import incidents, transitions

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ABOUT = {"incident": 1, "subject": "crm/contacts", "severity": "page", "reason": "5 are missing"}


def test_the_story_keeps_what_was_said_when_it_happened(store: Store) -> None:
    with store.begin() as connection:
        number = connection.execute(
            incidents.insert()
            .values(
                integration="crm", subject="contacts", kind="broken", state="open",
                severity="page", reason="15 are missing", tenants=[], evidence=[],
                began_at=NOON, updated_at=NOON,
            )
            .returning(incidents.c.id)
        ).scalar_one()  # fmt: skip
        for transition, severity, reason in (
            ("opened", "ticket", "5 are missing"),
            ("worsened", "page", "15 are missing"),
        ):
            connection.execute(
                transitions.insert().values(
                    incident_id=number, at=NOON, transition=transition,
                    severity=severity, reason=reason, tenants=[],
                )
            )  # fmt: skip
    witness = Witness(_addresses(), store, httpx.Client(transport=httpx.MockTransport(_nothing)))
    lines = [told(event) for event in witness.story()[1:]]
    about = f"incident {number}, crm/contacts"
    assert lines == [
        f"incident opened: {about} (ticket): 5 are missing",
        f"incident worsened: {about} (page): 15 are missing",
    ]


@pytest.mark.parametrize(
    ("event", "details", "line"),
    [
        ("incident_resolved", ABOUT, "incident resolved: incident 1, crm/contacts (page)"),
        ("fixed", {"resync": False}, "fixed, without moving again what was lost"),
        (
            "check_failed",
            {"check": "crm/contacts reconciliation", "status": "fail", "reason": "the newest"},
            "check failed: crm/contacts reconciliation (fail)",
        ),
    ],
)
def test_an_event_in_words(event: str, details: dict[str, object], line: str) -> None:
    assert told(Event(NOON, event, details)) == line


@pytest.mark.parametrize(
    ("subject", "signal", "asset"),
    [
        ("contacts", "reconciliation", "contacts_destination"),
        ("contacts", "source_schema_drift", "contacts_source"),
        ("contacts", "destination_schema_drift", "contacts_destination"),
        ("api", "errors", "api"),
    ],
)
def test_a_check_leads_to_the_asset_that_it_is_on(subject: str, signal: str, asset: str) -> None:
    verdict = Verdict("crm", subject, signal, "fail", "lost", NOON, NOON)
    fault: dict[str, object] = {"fault": None, "not_resynced": []}
    world: dict[str, object] = {"fault": fault, "syncs": [], "webhooks": None}
    lines = list(as_text(DemoStatus(_addresses(), world, [verdict], None, [], NOON)))
    assert f"          http://127.0.0.1:1/assets/crm/{asset}?view=checks" in lines


def _nothing(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=[] if "alerts" in request.url.path else {"commands": []})


def _addresses() -> Addresses:
    ready = (NOON - timedelta(minutes=1)).isoformat()
    return Addresses(
        dagster="http://127.0.0.1:1",
        partner="http://127.0.0.1:2",
        inbox="http://127.0.0.1:3",
        receiver="http://127.0.0.1:4",
        product="postgresql://",
        store="postgresql://",
        pid=1,
        started_at=ready,
        ready_at=ready,
    )
