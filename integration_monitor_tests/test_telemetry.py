"""The calls of a fleet, from the store to recorded verdicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from integration_monitor import telemetry
from integration_monitor.manifest.domain import Integration
from integration_monitor.signals import call_errors
from integration_monitor.signals.call_facts import CallFacts
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import verdicts
from integration_monitor.store.engine import Store, StoreError, open_store
from integration_monitor.telemetry import Family, judge_fleet
from integration_monitor_tests.call_examples import CRM, NOW, named, some_calls, store_calls


def judged(store: Store, *integrations: Integration) -> dict[tuple[str, str], Verdict]:
    found = judge_fleet(store, integrations, NOW)
    return {(verdict.integration, verdict.signal): verdict for verdict in found}


def test_every_family_says_something_of_every_integration(store: Store) -> None:
    found = judged(store, CRM, named("erp"))
    assert {
        ("crm", "errors"),
        ("crm", "latency"),
        ("erp", "errors"),
        ("erp", "deprecation"),
    } <= set(found)
    assert {verdict.status for verdict in found.values()} == {"ok"}


def test_what_fails_is_told_and_recorded(store: Store) -> None:
    erp = named("erp")
    failing = [
        some_calls(minute, n, outcome)
        for minute in range(30)
        for n, outcome in ((20, "ok"), (9, "bad_request"))
    ]
    store_calls(store, [*failing, *(some_calls(1, 90, integration="erp") for _ in "ab")])
    found = judged(store, CRM, erp)
    assert found["erp", "errors"].status == "ok"
    assert found["crm", "errors"].status == "fail"
    assert found["crm", "errors"].reason.startswith(
        "contacts: bad_request on 31 % of 435 calls in 15 min since 13:51 UTC — "
    )
    with store.begin() as connection:
        latest = {(each.integration, each.signal): each for each in verdicts.latest(connection)}
    assert latest == {key: replace(each, details=each.markdown) for key, each in found.items()}


def test_a_mistake_in_one_judgement_does_not_blind_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(facts: CallFacts, integration: Integration, now: datetime) -> Verdict:
        if integration.name == "crm":
            raise KeyError("a secret")
        return call_errors.judge(facts, integration, now)

    others = [family for family in telemetry.FAMILIES if family.signal != "errors"]
    monkeypatch.setattr(telemetry, "FAMILIES", (Family("errors", judge), *others))
    found = judged(store, CRM, named("erp"))
    assert found["crm", "errors"].status == "unknown"
    assert "the monitor stopped with KeyError in judge" in found["crm", "errors"].reason
    assert "secret" not in found["crm", "errors"].reason
    assert found["crm", "latency"].status == found["erp", "errors"].status == "ok"


def test_a_store_that_is_away_is_said_and_nothing_is_made_up() -> None:
    with pytest.raises(StoreError):
        judge_fleet(open_store("postgresql://127.0.0.1:1/none"), (CRM,), NOW)


def test_what_was_not_called_since_has_not_recovered(store: Store) -> None:
    failing = [
        some_calls(minute, n, outcome, tenant="acme")
        for minute in range(10)
        for n, outcome in ((5, "ok"), (15, "bad_request"))
    ]
    well = [some_calls(minute, 20, endpoint="deals", tenant="bolt") for minute in range(10)]
    store_calls(store, [*failing, *well])
    first = judged(store, CRM)
    assert first["crm", "tenants"].tenants == ("acme",)

    later = NOW + timedelta(minutes=40)
    store_calls(store, [some_calls(-40, 50, endpoint="deals", tenant="bolt")], now=later)
    held = {verdict.signal: verdict for verdict in judge_fleet(store, (CRM,), later)}
    assert held["errors"].reason == f"contacts not called since: {first['crm', 'errors'].reason}"
    assert held["tenants"].tenants == ("acme",)

    last = later + timedelta(minutes=10)
    store_calls(store, [some_calls(-50, 50, tenant="acme")], now=last)
    recovered = {verdict.signal: verdict for verdict in judge_fleet(store, (CRM,), last)}
    assert {recovered["errors"].status, recovered["tenants"].status} == {"ok"}
