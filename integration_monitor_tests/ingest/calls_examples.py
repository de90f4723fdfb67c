"""A partner, its manifest, and events of calls to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from integration_monitor.manifest.domain import Fleet
from integration_monitor.manifest.load import load_texts

NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
MANIFEST = """
version: 1
integration: crm
owner: {name: Owner, email: owner@example.com}
partner: {base_url: https://api.crm.example.com/v3}
endpoints:
  contacts: {path: /contacts}
  contact: {path: "/contacts/{id}", record_key: "{id}"}
"""
MONITOR = """
version: 1
retention: {minutes: 2d}
"""
EVENT: dict[str, Any] = {
    "integration": "crm",
    "endpoint": "contacts",
    "tenant": "acme",
    "method": "GET",
    "status": 200,
    "started_at": "2026-03-01T12:00:30.25Z",
    "duration_ms": 12.5,
}


def fleet(*manifests: str) -> Fleet:
    """Of these manifests, or of the one above."""
    texts = {f"{number}.yaml": text for number, text in enumerate(manifests or (MANIFEST,))}
    loaded = load_texts({**texts, "monitor.yaml": MONITOR})
    assert not loaded.errors
    return loaded


def event(**changes: object) -> dict[str, Any]:
    """An event; a field that is None is left out."""
    changed = {**EVENT, **changes}
    return {name: value for name, value in changed.items() if value is not None}


def batch(*events: object, batch_id: str = "b-1", **given: object) -> dict[str, Any]:
    """A batch of the calls API."""
    return {"batch_id": batch_id, "events": list(events), **given}
