"""Trying an integration once, against a partner on loopback and a real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from integration_monitor.access import Attempt, try_access
from integration_monitor.manifest.domain import Integration
from integration_monitor.manifest.load import load_texts
from integration_monitor_tests.access_examples import ENVIRONMENT, MANIFEST, warehouse
from integration_monitor_tests.observe.partner import (
    Partner,
    contact,
    hangs,
    html,
    running_partner,
    says,
)
from integration_monitor_tests.observe.readings import NOW

Results = dict[tuple[str, str], tuple[str, str]]


@pytest.fixture
def partner() -> Iterator[Partner]:
    stocked = Partner(tokens={"token-acme": "acme", "token-globex": "globex"})
    for tenant in ("acme", "globex"):
        stocked.contacts[tenant] = [contact(f"{tenant}-1", NOW - timedelta(minutes=30))]
    with running_partner(stocked) as served:
        yield served


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {**ENVIRONMENT, "WAREHOUSE_URL": warehouse(tmp_path)}


def crm(partner: Partner, changes: dict[str, str] | None = None) -> Integration:
    text = MANIFEST.format(url=partner.url)
    for old, new in (changes or {}).items():
        text = text.replace(old, new)
    fleet = load_texts({"crm.yaml": text})
    assert not fleet.errors
    return fleet.integrations[0]


def tried(integration: Integration, environ: dict[str, str]) -> Results:
    attempts: list[Attempt] = list(try_access(integration, environ=environ, clock=lambda: NOW))
    return {(each.what, each.tenant): (each.result, each.said) for each in attempts}


def test_everything_works(partner: Partner, environ: dict[str, str]) -> None:
    found = tried(crm(partner), environ)
    assert {result for result, _ in found.values()} == {"works", "not tried"}
    assert found["connections", "-"] == ("works", "2 connections")
    assert found["probe", "globex"] == ("works", "GET /contacts answers")
    assert found["endpoint contact", "acme"] == ("not tried", "/contacts/{id} needs values")
    listed = "1 record on the first page of the last 60 min, the newest of 2026-03-01T11:30:00Z"
    assert found["contacts source list", "acme"] == ("works", listed)
    assert found["contacts source look-up", "acme"] == ("works", "one key: found")
    assert found["contacts source count", "acme"] == ("works", "1 record")
    not_there = ("works", "one key: answers; the record is not there")
    assert found["contacts destination look-up", "acme"] == not_there
    assert ("contacts destination look-up", "globex") not in found, "the database is one for all"


def test_a_dead_token_is_said_for_its_tenant_alone(
    partner: Partner, environ: dict[str, str]
) -> None:
    found = tried(crm(partner), {**environ, "GLOBEX_TOKEN": "expired"})
    result, said = found["probe", "globex"]
    assert result == "fails"
    assert "GET /contacts for tenant globex answered 401" in said
    assert "expired" not in said
    assert found["probe", "acme"][0] == "works"
    assert found["contacts source list", "globex"][0] == "fails"


def test_a_reference_that_is_not_set(partner: Partner, environ: dict[str, str]) -> None:
    found = tried(crm(partner), {**environ, "GLOBEX_TOKEN": "", "WAREHOUSE_URL": ""})
    unset = "environment variable GLOBEX_TOKEN is not set"
    assert found["credentials", "globex"] == ("fails", unset)
    destination = found["contacts destination", "acme"]
    assert destination == ("fails", "environment variable WAREHOUSE_URL is not set")
    assert found["contacts source list", "acme"][0] == "works"


def test_a_wrong_path_to_the_key_fails(partner: Partner, environ: dict[str, str]) -> None:
    renamed = {"key: id\n      updated_at: updated\n": "key: uid\n      updated_at: updated\n"}
    found = tried(crm(partner, renamed), environ)
    result, said = found["contacts source list", "acme"]
    assert (result, "no record of the first page can be read: " in said) == ("fails", True)
    assert "`uid`" in said


def test_a_look_up_that_does_not_find_what_was_listed(
    partner: Partner, environ: dict[str, str]
) -> None:
    integration = crm(partner, {'inputs: "{keys}"': 'inputs: ["nobody"], asked: "{keys}"'})
    found = tried(integration, environ)
    not_found = ("fails", "a record that was just listed is not found by its key")
    assert found["contacts source look-up", "acme"] == not_found


def test_a_count_that_is_not_where_it_is_declared(
    partner: Partner, environ: dict[str, str]
) -> None:
    found = tried(crm(partner, {"count: total": "count: totals"}), environ)
    result, said = found["contacts source count", "acme"]
    assert (result, "a `count` is declared, and no number is there" in said) == ("fails", True)


def test_records_of_long_ago_are_looked_for(partner: Partner, environ: dict[str, str]) -> None:
    partner.contacts["acme"] = [contact("old", NOW - timedelta(days=9))]
    partner.contacts["globex"] = []
    found = tried(crm(partner), environ)
    assert found["contacts source list", "acme"][1].startswith("1 record on the first page of the")
    nothing = ("works", "no record changed within 30 d")
    assert found["contacts source list", "globex"] == nothing
    not_tried = ("not tried", "no record is there to look up")
    assert found["contacts source look-up", "globex"] == not_tried


@pytest.mark.parametrize(("status", "result"), [(405, "not tried"), (404, "fails")])
def test_an_endpoint_that_takes_no_get(
    partner: Partner, environ: dict[str, str], status: int, result: str
) -> None:
    partner.always = says(status)
    assert tried(crm(partner), environ)["endpoint contacts", "acme"][0] == result


def test_a_partner_that_answers_html_or_hangs(partner: Partner, environ: dict[str, str]) -> None:
    partner.always = html
    assert "HTML" in tried(crm(partner), environ)["probe", "acme"][1]
    partner.always = hangs
    hasty = crm(partner, {"syncs:": "deadline: 1s\nrequest_timeout: 400ms\nsyncs:"})
    found = tried(hasty, environ)
    assert "within" in found["probe", "acme"][1]
    assert found["contacts destination clock", "acme"][0] == "works", "it is another server"
