"""Whose fault it likely is, from how the rest of the fleet does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration_monitor.manifest.domain import Endpoint, Integration
from integration_monitor.signals.call_comparison import compare
from integration_monitor.signals.call_facts import (
    CallFacts,
    EndpointCalls,
    OutcomeCounts,
    Stretches,
)
from integration_monitor_tests.call_examples import CRM, ago

WELL = EndpointCalls({"ok": OutcomeCounts(Stretches(100, 20, 30), 50, 100)})
BAD = EndpointCalls({"server": OutcomeCounts(Stretches(100, 20, 30), 50, 100)})
FEW = EndpointCalls({"server": OutcomeCounts(Stretches(19, 5, 5), 10, 19)})


def partner(name: str, *endpoints: str, kind: str | None = None) -> Integration:
    declared = {each: Endpoint(each, f"/{each}", kind=kind) for each in endpoints}
    return replace(CRM, name=name.lower(), title=name, endpoints=declared)


def said(**endpoints: dict[str, EndpointCalls]) -> dict[str, str]:
    """By `partner.endpoint`."""
    names = {each.lower(): each for each in endpoints}
    integrations = [partner(name, *calls) for name, calls in endpoints.items()]
    facts = {name: CallFacts(name, ago(-1), endpoints[of]) for name, of in names.items()}
    found = compare(facts, integrations)
    return {f"{name}.{of}": text for name, each in found.items() for of, text in each.items()}


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        pytest.param({}, "nothing else is called that it could be compared with", id="alone"),
        pytest.param(
            {"Pipedrive": {"deals": WELL}},
            "only Pipedrive's contacts fail, not its other endpoint: likely ours",
            id="beside another endpoint",
        ),
        pytest.param(
            {"Pipedrive": {"deals": WELL, "notes": WELL}, "Salesforce": {"contacts": WELL}},
            "only Pipedrive's contacts fail, not its other endpoints or contacts of Salesforce:"
            " likely ours",
            id="beside other partners",
        ),
        pytest.param(
            {"Pipedrive": {"deals": WELL, "notes": BAD}},
            "2 of 3 endpoints of Pipedrive fail",
            id="beside a failing and a working one",
        ),
        pytest.param(
            {"Pipedrive": {"deals": BAD}}, "all of Pipedrive fails: likely theirs", id="all of it"
        ),
        pytest.param(
            {"Pipedrive": {"deals": FEW}},
            "nothing else is called that it could be compared with",
            id="beside one that is hardly called",
        ),
        pytest.param(
            {"Hubspot": {"contacts": BAD}, "Salesforce": {"contacts": WELL}},
            "contacts fail at Hubspot too: likely ours",
            id="at several partners",
        ),
        pytest.param(
            {"Pipedrive": {"deals": BAD}, "Hubspot": {"contacts": BAD, "deals": WELL}},
            "all of Pipedrive fails: likely theirs",
            id="all of it, and the kind at another partner",
        ),
        pytest.param(
            {"Pipedrive": {"deals": BAD}, "Hubspot": {"contacts": BAD, "deals": BAD}},
            "contacts fail at Hubspot too: likely ours",
            id="all of several partners",
        ),
    ],
)
def test_whose_fault_it_likely_is(
    others: dict[str, dict[str, EndpointCalls]], sentence: str
) -> None:
    pipedrive = {"contacts": BAD, **others.get("Pipedrive", {})}
    assert said(**{**others, "Pipedrive": pipedrive})["pipedrive.contacts"] == sentence


def test_what_works_is_not_spoken_of() -> None:
    assert said(Pipedrive={"contacts": WELL}, Salesforce={"contacts": WELL}) == {}


def test_kinds_go_before_names() -> None:
    people, leads = partner("A", "people", kind="contacts"), partner("B", "leads", kind="contacts")
    facts = {
        "a": CallFacts("a", ago(-1), {"people": BAD}),
        "b": CallFacts("b", ago(-1), {"leads": BAD}),
    }
    assert compare(facts, [people, leads])["a"]["people"] == "contacts fail at B too: likely ours"


def test_many_partners_are_counted() -> None:
    others = {f"Partner{n}": {"contacts": WELL} for n in range(5)}
    assert said(Pipedrive={"contacts": BAD}, **others)["pipedrive.contacts"] == (
        "only Pipedrive's contacts fail, not contacts of Partner0, Partner1, Partner2 and 2 more:"
        " likely ours"
    )
