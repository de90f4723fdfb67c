from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from integration_monitor.signals.verdict import Verdict
from integration_monitor_tests.incidents.examples import RULES, World, at, verdict

OK = verdict("ok")
FAIL = verdict("fail", tenants=["acme"])
WARN = verdict("warn", tenants=["acme"])
UNKNOWN = verdict("unknown")
Steps = list[tuple[float, list[Verdict], list[str]]]


def fresh(found: Verdict, minutes: float) -> Verdict:
    return replace(found, at=at(minutes), valid_until=at(minutes + 60))


STORIES: dict[str, Steps] = {
    "opens, recovers, is resolved once it was stable": [
        (0, [FAIL], ["broken opened"]),
        (1, [FAIL], []),
        (2, [OK], ["broken recovering"]),
        (11.9, [OK], []),
        (12, [OK], ["broken resolved"]),
        (13, [OK], []),
    ],
    "a warning is an incident too": [
        (0, [WARN], ["broken opened"]),
    ],
    "a failure while recovering re-opens the same incident": [
        (0, [FAIL], ["broken opened"]),
        (2, [OK], ["broken recovering"]),
        (3, [FAIL], ["broken reopened"]),
        (4, [OK], ["broken recovering"]),
        (13, [OK], []),
        (14, [OK], ["broken resolved"]),
    ],
    "a failure with a new tenant while recovering re-opens and is worse": [
        (0, [FAIL], ["broken opened"]),
        (2, [OK], ["broken recovering"]),
        (3, [verdict("fail", tenants=["bolt"])], ["broken reopened", "broken worsened"]),
    ],
    "more tenants are worse, fewer or the same again are not": [
        (0, [FAIL], ["broken opened"]),
        (1, [verdict("fail", tenants=["acme", "bolt"])], ["broken worsened"]),
        (2, [FAIL], []),
        (3, [verdict("fail", tenants=["bolt"])], []),
    ],
    "a higher severity is worse, a lower one is not": [
        (0, [WARN], ["broken opened"]),
        (1, [FAIL], ["broken worsened"]),
        (2, [WARN], []),
        (3, [FAIL], []),
    ],
    "a second signal that fails is the same incident": [
        (0, [FAIL, verdict("ok", signal="freshness")], ["broken opened"]),
        (1, [FAIL, verdict("fail", signal="freshness")], []),
        (2, [OK, verdict("fail", signal="freshness")], []),
        (3, [OK, verdict("ok", signal="freshness")], ["broken recovering"]),
    ],
    "unknown does not recover a broken incident, and is one of its own": [
        (0, [FAIL], ["broken opened"]),
        (1, [UNKNOWN], []),
        (15, [UNKNOWN], []),
        (16, [UNKNOWN], ["blind opened"]),
        (17, [OK], ["broken recovering", "blind recovering"]),
        (27, [OK], ["broken resolved", "blind resolved"]),
    ],
    "unknown while recovering is not well: stability starts anew": [
        (0, [FAIL], ["broken opened"]),
        (1, [OK], ["broken recovering"]),
        (2, [UNKNOWN], ["broken reopened"]),
        (12, [UNKNOWN], []),
        (13, [OK], ["broken recovering"]),
        (22, [OK], []),
        (23, [OK], ["broken resolved"]),
    ],
    "a tenant that cannot be seen holds the incident": [
        (0, [FAIL], ["broken opened"]),
        (1, [verdict("ok", blind=["bolt"])], []),
        (30, [verdict("ok", blind=["bolt"])], ["blind opened"]),
        (31, [OK], ["broken recovering", "blind recovering"]),
    ],
    "a blind tenant beside a failing one is an incident of its own": [
        (0, [verdict("fail", tenants=["acme"], blind=["bolt"])], ["broken opened"]),
        (15, [verdict("fail", tenants=["acme"], blind=["bolt"])], ["blind opened"]),
        (16, [FAIL], ["blind recovering"]),
    ],
    "a short unknown says nothing": [
        (0, [UNKNOWN], []),
        (14, [UNKNOWN], []),
        (14.5, [OK], []),
        (16, [UNKNOWN], []),
        (30, [UNKNOWN], []),
        (31, [UNKNOWN], ["blind opened"]),
    ],
    "no verdict at all holds": [
        (0, [FAIL], ["broken opened"]),
        (1, [], []),
        (100, [], []),
    ],
    "a reminder while open, counted from the last time people were told": [
        (0, [FAIL], ["broken opened"]),
        (239, [fresh(FAIL, 239)], []),
        (240, [fresh(FAIL, 240)], ["broken reminded"]),
        (300, [verdict("fail", 300, tenants=["bolt"])], ["broken worsened"]),
        (481, [verdict("fail", 481, tenants=["bolt"])], []),
        (540, [verdict("fail", 540, tenants=["bolt"])], ["broken reminded"]),
    ],
    "a verdict that is past its time is unknown, whatever it said": [
        (0, [verdict("ok", -59)], []),
        (2, [verdict("ok", -59)], []),
        (17, [verdict("ok", -59)], ["blind opened"]),
    ],
}


@pytest.mark.parametrize("story", STORIES)
def test_story(story: str) -> None:
    world = World()
    for minutes, verdicts, happened in STORIES[story]:
        assert world.see(minutes, *verdicts) == happened, f"at minute {minutes}"


def test_it_opens_only_when_every_evaluation_failed_for_long_enough() -> None:
    world = World(rules=replace(RULES, open_after=timedelta(minutes=5)))
    assert world.see(0, FAIL) == []
    assert world.states() == {"broken": "pending"}
    assert world.see(4, FAIL) == []
    assert len(world.step(4.5, OK).dropped) == 1
    assert world.states() == {}
    assert world.see(5, verdict("fail", 5)) == []
    assert world.see(9.9, verdict("fail", 5)) == []
    assert world.see(10, verdict("fail", 5)) == ["broken opened"]


def test_unknown_neither_drops_nor_opens_a_pending_incident() -> None:
    world = World(rules=replace(RULES, open_after=timedelta(minutes=5)))
    world.step(0, FAIL)
    assert world.see(6, UNKNOWN) == []
    assert world.states()["broken"] == "pending"
    assert world.see(7, FAIL) == ["broken opened"]


def test_without_stability_it_is_resolved_at_once() -> None:
    world = World(rules=replace(RULES, stable_for=timedelta(0)))
    world.step(0, FAIL)
    assert world.see(1, OK) == ["broken recovering", "broken resolved"]


def test_without_reminders_nobody_is_reminded() -> None:
    world = World(rules=replace(RULES, remind=None))
    world.step(0, FAIL)
    assert world.see(9000, verdict("fail", 9000, tenants=["acme"])) == []


def test_tenants_accumulate_while_the_reason_is_the_current_one() -> None:
    world = World()
    world.step(0, verdict("fail", tenants=["acme"], reason="3 records are missing"))
    world.step(1, verdict("warn", tenants=["bolt"], reason="1 record is missing"))
    (incident,) = world.incidents
    assert incident.tenants == ("acme", "bolt")
    assert incident.reason == "1 record is missing"
    assert incident.severity == "page"
    assert world.transitions[-1].new_tenants == ("bolt",)


def test_the_worst_verdict_gives_the_reason_and_all_are_findings() -> None:
    world = World()
    late = verdict("warn", signal="freshness", reason="4 minutes late")
    world.step(0, late, verdict("fail", reason="3 records are missing"))
    (incident,) = world.incidents
    assert incident.reason == "3 records are missing"
    assert [(found.signal, found.status) for found in incident.findings] == [
        ("reconciliation", "fail"),
        ("freshness", "warn"),
    ]


def test_a_field_that_is_gone_is_the_cause_and_its_effects_are_findings() -> None:
    world = World()
    drift = verdict("fail", signal="source_schema_drift", reason="`email` is lost")
    world.step(0, verdict("fail", reason="3 records are missing"), drift)
    (incident,) = world.incidents
    assert incident.reason == "`email` is lost"
    assert [found.signal for found in incident.findings][1] == "reconciliation"


def test_a_drift_that_breaks_nothing_explains_nothing() -> None:
    world = World()
    drift = verdict("warn", signal="source_schema_drift", reason="`note` is lost")
    world.step(0, drift, verdict("warn", reason="1 extra record"))
    assert world.incidents[0].reason == "1 extra record"


def test_a_verdict_says_its_severity() -> None:
    world = World()
    world.step(0, verdict("fail", severity="watch"))
    assert world.incidents[0].severity == "watch"
    assert world.see(1, verdict("fail", severity="ticket")) == ["broken worsened"]


def test_what_cannot_be_seen_is_said_in_numbers() -> None:
    world = World()
    world.step(0, verdict("ok", blind=["acme", "bolt"]))
    (incident,) = world.incidents
    assert incident.reason == "2 tenants could not be measured (acme: the token is dead)"
    assert incident.tenants == ("acme", "bolt")
    assert incident.severity == "ticket"


def test_a_stale_verdict_says_when_it_was_measured() -> None:
    world = World()
    world.step(61, verdict("fail", tenants=["acme"]))
    (incident,) = world.incidents
    assert incident.kind == "blind"
    assert incident.reason == "not measured since 2026-03-01 12:00:00 UTC, when it was fail"
