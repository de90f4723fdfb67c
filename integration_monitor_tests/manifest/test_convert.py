"""The example manifest as domain objects: golden/hubspot.json."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

from integration_monitor.manifest import load_directory
from integration_monitor.manifest.domain import (
    Integration,
    ListedConnections,
    NoAuth,
    Reference,
    SingleConnection,
)
from integration_monitor_tests.manifest.texts import SMALL, SOUND, edited, fleet_of

GOLDEN = Path(__file__).parent / "golden" / "hubspot.json"
EXAMPLES = Path(__file__).parents[2] / "integrations"


def read(text: str) -> Integration:
    (integration,) = fleet_of(text).integrations
    return integration


def test_the_example_means_what_it_says() -> None:
    found = next(one for one in load_directory(EXAMPLES).integrations if one.name == "hubspot")
    values = asdict(replace(found, file="hubspot.yaml"))
    text = json.dumps(values, indent=2, default=str) + "\n"
    if os.environ.get("REGENERATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_what_is_left_out_takes_the_defaults_of_the_domain() -> None:
    found = read(SMALL)
    expected = Integration(name="crm", owner=found.owner, file="crm.yaml", title="crm")
    assert found == expected
    assert found.connections == SingleConnection()
    assert found.auth == NoAuth()


def test_listed_connections_hold_references() -> None:
    found = read(SOUND).connections
    assert isinstance(found, ListedConnections)
    assert found.connections[0].tenant == "acme"
    assert found.connections[0].credentials == {"token": Reference("ACME_TOKEN")}


def test_cron_stands_for_every() -> None:
    sync = read(edited("every: 15m", 'cron: "*/15 8-18 * * *"')).syncs["contacts"]
    assert sync.every.text == "*/15 8-18 * * *"
    assert (
        sync.every == read(edited("every: 15m", "every: '*/15 8-18 * * *'")).syncs["contacts"].every
    )


def test_optional_keys_reach_the_domain() -> None:
    text = edited(
        "every: 15m",
        "every: 15m\n    title: T\n    overlap: 0s\n    grace: 0s\n    requests: 7\n"
        "    tolerance: {extra: ignore}",
    )
    text += "deadline: 90s\nrequests_at_once: 2\nrequest_timeout: 3s\nwait_budget: 0s\n"
    found = read(text.replace("list: {path", "list: {mode: newest_first, time: date, path"))
    sync = found.syncs["contacts"]
    assert (sync.title, sync.overlap, sync.grace, sync.requests) == (
        "T",
        timedelta(0),
        timedelta(0),
        7,
    )
    assert sync.tolerance.extra == "ignore"
    assert "mode='newest_first', time='date'" in repr(sync.source)
    assert found.deadline == timedelta(seconds=90)
    assert found.wait_budget == timedelta(0)
    assert (found.requests_at_once, found.request_timeout) == (2, timedelta(seconds=3))
