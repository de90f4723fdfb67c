"""Events that were late are in time again only when enough of them were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from integration_monitor.manifest.webhooks import VolumeRules
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Part, Status, Verdict
from integration_monitor.signals.webhook_lag_hold import (
    Newer,
    NewerEvents,
    What,
    hold,
    remember,
    silent_after,
)
from integration_monitor.signals.webhooks import verdict
from integration_monitor_tests.webhook_rows import CRM, NOW, named

REASON = "40 of 80 events in 30 min arrived more than 30 s late (p95 90 s) (acme, globex)"
TOLD_AT = NOW - timedelta(minutes=40)
ACME, GLOBEX = Part("acme", "fail", "late"), Part("globex", "fail", "late")
Facts = Mapping[str, tuple[int, datetime]]


def said(status: Status, at: datetime = NOW, reason: str = "fine", **evidence: float) -> Verdict:
    return verdict("ingestion_lag", CRM, Judged(status, reason, evidence=evidence), at)


def failed(*parts: Part, share: float = 0.5, what: What = "arrival") -> Verdict:
    judged = Judged("fail", REASON, "ticket", {f"{what}_told_share": share}, parts)
    return verdict("ingestion_lag", CRM, judged, TOLD_AT)


def since(in_time: int, at: datetime = NOW, **tenants: int) -> NewerEvents:
    """So many events were in time since the last late one, at all and of these tenants."""

    def newer(n: int) -> Newer:
        return Newer(at, {"arrival": n, "processing": n})

    return NewerEvents(newer(in_time), {name: newer(n) for name, n in tenants.items()})


@pytest.mark.parametrize(
    ("share", "in_time", "status"),
    [
        (1.0, 2, "fail"),
        (1.0, 3, "ok"),
        (0.5, 5, "fail"),
        (0.5, 6, "ok"),
        (0.06, 19, "fail"),
        (0.06, 20, "ok"),  # few were late; yet it ends some day
    ],
)
def test_it_is_over_when_so_many_in_time_are_no_chance(
    share: float, in_time: int, status: str
) -> None:
    found = said("ok", arrival_told_share=0.0)
    held = hold(found, failed(share=share), since(in_time), CRM, NOW)
    assert held.status == status
    assert (held == found) == (status == "ok")


def test_silence_is_no_recovery() -> None:
    held = hold(said("ok"), failed(ACME), NewerEvents(), CRM, NOW)
    assert (held.status, held.severity, held.at) == ("fail", "ticket", NOW)
    assert held.reason == f"{REASON}; held: no event came since 13:40 UTC"
    assert (held.parts, held.tenants) == ((ACME,), ("acme",))


def test_held_for_long_it_says_the_same_and_forgets_nothing() -> None:
    held = hold(said("ok"), failed(ACME), since(4), CRM, NOW)
    assert held.reason == (
        f"{REASON}; held: 4 newer events in a row were in time, of 6 that are needed"
    )
    later = NOW + timedelta(hours=1)
    again = hold(said("ok", later), held, since(4), CRM, later)
    assert (again.reason, again.evidence, again.parts) == (held.reason, held.evidence, held.parts)
    assert hold(said("ok", later), again, since(6, acme=3), CRM, later) == said("ok", later)


def test_after_too_long_a_silence_nothing_is_known_and_never_well() -> None:
    last = TOLD_AT - timedelta(minutes=1)
    late = last + silent_after(CRM) + timedelta(seconds=1)
    unknown = hold(said("ok", late), failed(ACME), since(0, last), CRM, late)
    assert (unknown.status, unknown.severity) == ("unknown", "ticket")
    assert unknown.reason == (
        "no event came since 2026-03-01 13:39 UTC, so it is not known whether events are in time"
        f" again; before: {REASON}"
    )
    assert unknown.blind == ("acme",)
    # Two in time do not make it an alarm again, nor well.
    few = hold(said("ok", late), unknown, since(2, late, acme=2), CRM, late)
    assert few.status == "unknown"
    assert few.reason.startswith("2 newer events in a row were in time, of 6 that are needed")
    assert few.reason.endswith(f"; before: {REASON}")
    assert hold(said("ok", late), few, since(6, late, acme=6), CRM, late).status == "ok"


@pytest.mark.parametrize(
    ("rules", "after"),
    [
        ({}, timedelta(hours=24)),
        (
            {"volume": VolumeRules(every=timedelta(hours=4), grace=timedelta(minutes=5))},
            timedelta(hours=4, minutes=5),
        ),
    ],
)
def test_silence_is_as_long_as_where_silence_is_judged(
    rules: dict[str, Any], after: timedelta
) -> None:
    assert silent_after(named("crm", **rules)) == after


def test_one_tenant_that_fell_silent_is_held_and_the_others_are_not() -> None:
    newer = since(30, acme=0, globex=10)
    held = hold(said("ok"), failed(ACME, GLOBEX), newer, CRM, NOW)
    assert (held.status, held.tenants) == ("fail", ("acme",))
    assert held.reason == f"{REASON}; held: fewer than 3 newer events of acme were in time"
    gone = hold(said("ok"), failed(ACME, GLOBEX), since(30, globex=10), CRM, NOW)
    assert (gone.tenants, gone.parts) == (("acme",), (ACME,))
    assert gone.reason == f"{REASON}; held: no event of acme came since 13:40 UTC"


def test_a_tenant_of_before_is_not_forgotten_while_another_fails() -> None:
    found = replace(failed(GLOBEX), at=NOW)
    held = hold(found, failed(ACME, GLOBEX), since(0, globex=0), CRM, NOW)
    assert (held.reason, held.tenants) == (found.reason, ("acme", "globex"))


def test_a_lag_of_before_is_not_forgotten_while_the_other_fails() -> None:
    found = replace(failed(share=1.0, what="processing"), at=NOW)
    held = hold(found, failed(share=0.5), since(0), CRM, NOW)
    assert held.evidence["arrival_told_share"] == 0.5
    assert held.evidence["arrival_told_at_s"] == TOLD_AT.timestamp()
    later = hold(said("ok"), held, since(4), CRM, NOW)  # enough for the one alone
    assert later.status == "fail"


def test_what_cannot_be_judged_any_more_stays_as_it_was() -> None:
    found = said("unknown", reason="none of 9 events tells when it occurred")
    held = hold(found, failed(ACME), since(0, acme=0), CRM, NOW)
    assert held.status == "fail"
    assert held.reason.endswith("; none of 9 events tells when it occurred")


def test_a_mistake_of_the_monitor_is_no_recovery() -> None:
    broken = said("unknown", reason="the webhooks could not be read")
    unknown = remember(broken, failed(ACME), CRM)
    assert (unknown.status, unknown.blind) == ("unknown", ("acme",))
    assert unknown.reason == f"the webhooks could not be read; before: {REASON}"
    held = hold(said("ok"), unknown, NewerEvents(), CRM, NOW)
    assert (held.status, held.parts) == ("fail", (ACME,))
    assert held.reason == f"{REASON}; held: no event came since 13:40 UTC"
    assert remember(broken, None, CRM) == broken


@pytest.mark.parametrize("previous", [None, said("unknown"), said("fail")])
def test_without_late_events_before_nothing_is_held(previous: Verdict | None) -> None:
    assert hold(said("ok"), previous, NewerEvents(), CRM, NOW) == said("ok")


def test_what_is_not_measured_any_more_and_what_is_long_ago_is_let_go() -> None:
    unmeasured = named("crm", occurred_at=None)
    assert hold(said("ok"), failed(ACME), NewerEvents(), unmeasured, NOW).status == "ok"
    month = NOW + timedelta(days=31)
    assert hold(said("ok", month), failed(ACME), NewerEvents(), CRM, month).status == "ok"
