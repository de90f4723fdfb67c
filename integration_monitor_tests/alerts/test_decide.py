from __future__ import annotations

from collections.abc import Mapping

import pytest

from integration_monitor.alerts.decide import Decision, decide, route
from integration_monitor.incidents.domain import (
    ClosedReason,
    Happened,
    Incident,
    Subject,
    Transition,
)
from integration_monitor.manifest.domain import Integration, Monitor, Owner, Severity
from integration_monitor_tests.incidents.examples import START

NOT_WORTH = Decision({}, "not worth telling")
NEVER_TOLD = Decision({}, "nobody was told that it is broken")


def happening(
    happened: Happened,
    severity: Severity = "page",
    closed_reason: ClosedReason | None = None,
) -> Transition:
    incident = Incident(
        subject=Subject("crm", "contacts"),
        kind="broken",
        state="open",
        severity=severity,
        reason="3 records are missing",
        tenants=("acme",),
        findings=(),
        began_at=START,
        updated_at=START,
        id=7,
        closed_reason=closed_reason,
    )
    return Transition(happened, incident, START, "3 records are missing")


RECOVERED = happening("resolved", closed_reason="recovered")
UNWATCHED = happening("resolved", closed_reason="no longer watched")


@pytest.mark.parametrize(
    ("transition", "channels", "told", "decision"),
    [
        (happening("opened"), ("pager",), (), Decision({"pager": "opened"})),
        (
            happening("opened"),
            ("pager", "queue"),
            (),
            Decision({"pager": "opened", "queue": "opened"}),
        ),
        (happening("opened"), (), (), Decision({}, "no channel")),
        (happening("opened", "watch"), (), (), Decision({}, "watch only")),
        (happening("opened", "watch"), ("log",), (), Decision({"log": "opened"})),
        (happening("worsened"), ("pager",), ("pager",), Decision({"pager": "worsened"})),
        (
            happening("worsened"),
            ("pager",),
            ("queue",),
            Decision({"pager": "opened", "queue": "worsened"}),
        ),
        (happening("worsened"), (), ("queue",), Decision({"queue": "worsened"})),
        (happening("reminded"), ("pager",), ("pager", "queue"), Decision({"pager": "reminded"})),
        (happening("reminded"), ("pager",), (), Decision({"pager": "opened"})),
        (happening("recovering"), ("pager",), ("pager",), NOT_WORTH),
        (happening("reopened"), ("pager",), ("pager",), NOT_WORTH),
        (RECOVERED, ("pager",), ("queue",), Decision({"queue": "resolved"})),
        (RECOVERED, ("pager",), (), NEVER_TOLD),
        (UNWATCHED, (), ("pager",), Decision({"pager": "no-longer-watched"})),
        (UNWATCHED, ("pager",), (), NEVER_TOLD),
    ],
)
def test_who_is_told_what(
    transition: Transition, channels: tuple[str, ...], told: tuple[str, ...], decision: Decision
) -> None:
    assert decide(transition, channels, frozenset(told)) == decision


@pytest.mark.parametrize(
    ("own", "fleets", "channels"),
    [
        ({}, {"page": ("pager",)}, ("pager",)),
        ({"page": ("crm",)}, {"page": ("pager",)}, ("crm",)),
        ({"ticket": ("crm",)}, {"page": ("pager",)}, ("pager",)),
        ({"page": ()}, {"page": ("pager",)}, ()),
        ({}, {}, ()),
    ],
)
def test_an_integration_may_have_routes_of_its_own(
    own: Mapping[Severity, tuple[str, ...]],
    fleets: Mapping[Severity, tuple[str, ...]],
    channels: tuple[str, ...],
) -> None:
    owner = Owner("CRM", "crm@example.com")
    integration = Integration("crm", owner, "crm.yaml", "CRM", routes=own)
    assert route("page", integration, Monitor(routes=fleets)) == channels


def test_without_a_manifest_the_fleets_routes_count() -> None:
    assert route("page", None, Monitor(routes={"page": ("pager",)})) == ("pager",)
