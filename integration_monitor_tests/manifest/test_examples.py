"""The manifests that the project ships are sound, and the schemas beside them are current."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from integration_monitor.manifest import load_directory
from integration_monitor.manifest.references import missing_references, unwatched
from integration_monitor.manifest.schema import json_schema, monitor_json_schema
from integration_monitor.manifest.yaml_document import parse_yaml
from integration_monitor_tests.manifest.texts import SMALL, SOUND, edited, fleet_of

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "integrations"
SCHEMAS = {"schema.json": json_schema, "monitor.schema.json": monitor_json_schema}
MANIFESTS = sorted(EXAMPLES.glob("*.yaml"))


def test_the_examples_are_sound() -> None:
    fleet = load_directory(EXAMPLES)
    assert fleet.errors == fleet.warnings == ()
    assert {one.name for one in fleet.integrations} == {
        "github",
        "hubspot",
        "salesforce",
        "shopify",
        "stripe",
        "tracker",
        "zendesk",
    }
    assert set(fleet.monitor.channels) == {"oncall", "crm-queue"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_file_is_current(name: str) -> None:
    text = json.dumps(SCHEMAS[name](), indent=2) + "\n"
    if os.environ.get("REGENERATE_GOLDEN"):
        (EXAMPLES / name).write_text(text, encoding="utf-8")
    assert (EXAMPLES / name).read_text(encoding="utf-8") == text


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.name)
def test_an_editor_that_uses_the_schema_finds_no_mistake(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    name = "monitor.schema.json" if file.name == "monitor.yaml" else "schema.json"
    assert text.startswith(f"# yaml-language-server: $schema={name}\n")
    validator = Draft202012Validator(SCHEMAS[name]())
    assert [error.message for error in validator.iter_errors(parse_yaml(text).value)] == []


@pytest.mark.parametrize(
    "text",
    [
        edited("every: 15m", "evry: 15m"),
        edited("{env: WAREHOUSE_URL}", "postgresql://host/db"),
        edited("{env: ACME_TOKEN}", "literal"),
        edited("type: bearer", "type: baerer"),
        edited("type: bearer", "type: basic"),
        edited('token: "{connection.token}"', "token: literal"),
        edited("https://api.example.com", "'{shop}.example.com'"),
        SMALL.replace("version: 1", "version: 2"),
        SMALL + "slo: {objective: 99.9, window: 30d}\n",
    ],
)
def test_an_editor_that_uses_the_schema_finds_the_mistakes_of_shape(text: str) -> None:
    validator = Draft202012Validator(json_schema())
    assert validator.is_valid(parse_yaml(SOUND).value)
    assert not validator.is_valid(parse_yaml(text).value)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_is_described(name: str) -> None:
    schema = SCHEMAS[name]()
    Draft202012Validator.check_schema(schema)
    assert [path for path, key in _keys(schema, "") if "description" not in key] == []


def test_references_that_are_not_set_are_told_with_their_place() -> None:
    fleet = fleet_of(SOUND, "version: 1\nchannels: {a: {type: apprise, url: {env: A_URL}}}\n")
    assert [str(error) for error in missing_references(fleet, {"WAREHOUSE_URL": ""})] == [
        "crm.yaml:5:44: environment variable ACME_TOKEN is not set",
        "crm.yaml:21:18: environment variable WAREHOUSE_URL is not set",
        "monitor.yaml:2:36: environment variable A_URL is not set",
    ]
    environ = {"WAREHOUSE_URL": "x", "ACME_TOKEN": "x", "A_URL": "x"}
    assert missing_references(fleet, environ) == ()


def test_data_that_looks_like_a_reference_is_none() -> None:
    text = edited('query: {ids: "{keys}"}', 'body: {ids: "{keys}", in: {env: PRODUCTION}}')
    assert "PRODUCTION" not in str(missing_references(fleet_of(text), {}))


def test_references_are_found_wherever_they_may_stand() -> None:
    names = {error.message.split()[2] for error in missing_references(load_directory(EXAMPLES), {})}
    assert names == {
        "EVENTS_DATABASE_URL",
        "GITHUB_TOKEN",
        "GITHUB_WEBHOOK_SECRET",
        "HUBSPOT_WEBHOOK_SECRET",
        "ONCALL_URL",
        "PRODUCT_EVENTS_SECRET",
        "PRODUCT_EVENTS_URL",
        "PRODUCT_URL",
        "QUEUE_URL",
        "SALESFORCE_AMER_CLIENT_ID",
        "SALESFORCE_AMER_CLIENT_SECRET",
        "SALESFORCE_AMER_URL",
        "SALESFORCE_EMEA_CLIENT_ID",
        "SALESFORCE_EMEA_CLIENT_SECRET",
        "SALESFORCE_EMEA_URL",
        "STRIPE_KEY_AMERICA",
        "STRIPE_KEY_EUROPE",
        "STRIPE_WEBHOOK_SECRET_AMERICA",
        "STRIPE_WEBHOOK_SECRET_EUROPE",
        "TRACKER_API_KEY",
        "WAREHOUSE_URL",
        "ZENDESK_API_TOKEN",
    }


def test_sections_that_nothing_watches_yet_are_named() -> None:
    text = edited("every: 15m", "every: 15m\n    compare: {every: 1d, sample: full}")
    notes = [str(note) for note in unwatched(fleet_of(text))]
    assert [note for note in notes if "is parsed" in note] == [
        "crm.yaml:11:5: `compare` is parsed, not watched by this version",
    ]
    assert not any("is parsed" in str(note) for note in unwatched(fleet_of(SMALL)))


def _keys(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, key in schema.get("properties", {}).items():
            yield f"{path}/{name}", key
        for step, inner in schema.items():
            yield from _keys(inner, f"{path}/{step}")


def test_what_sees_less_than_somebody_may_think_is_noted() -> None:
    text = """
version: 1
integration: crm
owner: {name: Owner, email: owner@example.com}
partner: {base_url: https://api.partner.example}
syncs:
  contacts:
    every: 15m
    source:
      rest: {list: {path: /contacts, query: {since: "{since}"}}, records: "@"}
      key: id
      updated_at: updated_at
    destination:
      sql: {url: {env: WAREHOUSE_URL}, table: contacts}
      key: id
"""
    notes = [str(note) for note in unwatched(fleet_of(text))]
    assert [note.split(": ", 1)[0] for note in notes] == ["crm.yaml:10:14", "crm.yaml:13:5"]
    assert "only the first page is read" in notes[0]
    assert "not whether it is the newest version" in notes[1]
    paged = text.replace('records: "@"', 'records: "@", pages: {type: link_header}')
    assert len(unwatched(fleet_of(paged))) == 1


def test_calls_that_nothing_tells_apart_are_noted() -> None:
    notes = unwatched(fleet_of(SMALL + "calls: {minimum: 5}\n"))
    assert [str(note) for note in notes] == [
        "crm.yaml:4:1: `calls`: without `endpoints` all calls are those of one, `other`"
    ]
    text = SMALL + "endpoints: {contacts: {path: /contacts}}\ncalls: {minimum: 5}\n"
    assert unwatched(fleet_of(text)) == ()


HOOKS = SMALL + "webhooks: {signature: github, secret: {env: A}, "
WATCHED = "event_id: id, occurred_at: at, volume: {heartbeat: {every: 1h}}"
SINK = "sinks: {product: {http: {url: 'https://a.example', secret: {env: B}}}}"
UNSIGNED = "sinks: {product: {http: {url: 'https://a.example'}}}"


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("event_id: id", ["without `occurred_at`", "without `volume: {heartbeat"]),
        ("occurred_at: at, volume: {heartbeat: {every: 1h}}", ["without `event_id`"]),
        (f"{WATCHED}", []),
        (f"{WATCHED}, events: {{a: b}}", ["`events`: without `sinks`"]),
        (f"{WATCHED}, object: a, {SINK}", ["`sinks`: without `events`"]),
        (f"{WATCHED}, events: {{a: b}}, {SINK}", ["without `object`"]),
        (f"{WATCHED}, events: {{a: b}}, object: a, {UNSIGNED}", ["without `secret`"]),
        (f"{WATCHED}, may_differ: [attempt, a.b]", ["top of an event; write `a`"]),
        (f"{WATCHED}, may_differ: [$.attempt]", ["top of an event; write `attempt`"]),
    ],
)
def test_what_webhooks_lack_is_noted(text: str, notes: list[str]) -> None:
    found = [str(note) for note in unwatched(fleet_of(HOOKS + text + "}\n"))]
    assert len(found) == len(notes)
    assert all(part in note for part, note in zip(notes, found, strict=True))
    assert all(note.startswith("crm.yaml:4:") for note in found)
