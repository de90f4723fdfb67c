"""What was not called since has not recovered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integration_monitor.signals.api import verdict
from integration_monitor.signals.call_facts import (
    CallFacts,
    EndpointCalls,
    OutcomeCounts,
    Stretches,
    TenantCalls,
)
from integration_monitor.signals.call_hold import HELD_SINCE, hold
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Part, Status, Verdict
from integration_monitor_tests.call_examples import CRM, NOW, ago

EARLIER = NOW - timedelta(minutes=30)
REASON = "contacts: server on 31 % of 412 calls"


def said(
    status: Status, signal: str = "errors", reason: str = "none failed", **more: float
) -> Verdict:
    return verdict(signal, CRM, Judged(status, reason, evidence=more), NOW)


def before(signal: str = "errors", **evidence: float) -> Verdict:
    judged = Judged("fail", REASON, "page", evidence=evidence, details="| contacts |")
    return verdict(signal, CRM, judged, EARLIER)


ONCE = Stretches(3)
WELL = EndpointCalls({"ok": OutcomeCounts(Stretches(20, 3, 4))})


def facts(*endpoints: str, tenants: tuple[str, ...] = ()) -> CallFacts:
    return CallFacts(
        "crm",
        ago(-1),
        dict.fromkeys(endpoints, WELL),
        tenants={name: TenantCalls({}) for name in tenants},
    )


def test_an_endpoint_that_is_not_called_stays_as_it_was() -> None:
    previous = before(contacts_told_share=0.31, deals_error_share=0.0)
    found = said("ok", deals_error_share=0.0)
    held = hold(found, previous, facts("deals"), CRM, NOW)
    assert (held.status, held.severity, held.at) == ("fail", "page", NOW)
    assert held.reason == f"contacts not called since: {REASON}"
    assert held.markdown == "| contacts |"
    assert held.evidence == {
        "deals_error_share": 0.0,
        "contacts_told_share": 0.31,
        HELD_SINCE: EARLIER.timestamp(),
    }
    again = hold(found, held, facts("deals"), CRM, NOW + timedelta(minutes=5))
    assert again.reason == held.reason
    assert again.evidence == held.evidence


@pytest.mark.parametrize(
    ("previous", "found", "seen"),
    [
        pytest.param(None, said("ok"), (), id="nothing before"),
        pytest.param(said("ok", contacts_error_share=0.0), said("ok"), (), id="it was well"),
        pytest.param(said("unknown"), said("ok"), (), id="it was not known"),
        pytest.param(
            before(contacts_told_share=0.31), said("ok"), ("contacts",), id="it was called"
        ),
        pytest.param(before(deals_told_share=0.0), said("ok"), (), id="it was not told"),
        pytest.param(
            before(contacts_told_share=0.31), said("unknown"), (), id="nothing is known now"
        ),
        pytest.param(before("rate_limits"), said("ok", "rate_limits"), (), id="limits are reset"),
    ],
)
def test_what_is_known_goes_before_what_was(
    previous: Verdict | None, found: Verdict, seen: tuple[str, ...]
) -> None:
    assert hold(found, previous, facts(*seen), CRM, NOW) == found


def test_an_endpoint_that_is_called_and_still_fails_stays_as_it_was() -> None:
    """A few calls of the minute that has just begun, all of them by chance well."""
    few = CallFacts("crm", ago(-1), {"contacts": EndpointCalls({"ok": OutcomeCounts(ONCE)})})
    found = said("ok", contacts_error_share=0.0, contacts_told_share=0.0)
    held = hold(found, before(contacts_told_share=0.31), few, CRM, NOW)
    assert (held.status, held.severity) == ("fail", "page")
    assert held.reason == f"contacts not known to be well since: {REASON}"
    assert held.evidence["contacts_error_share"] == 0.0
    again = hold(found, held, few, CRM, NOW + timedelta(minutes=1))
    assert (again.reason, again.evidence) == (held.reason, held.evidence)
    well = hold(found, again, facts("contacts"), CRM, NOW + timedelta(minutes=2))
    assert well == found


def test_a_tenant_of_which_few_calls_came_and_all_failed_stays_broken() -> None:
    previous = replace(before("tenants"), parts=BROKEN[:1], tenants=("acme",))
    few = TenantCalls({"contacts": {"server": Stretches(2)}})
    known = replace(facts("contacts"), tenants={"acme": few})
    held = hold(said("ok", "tenants"), previous, known, CRM, NOW)
    assert (held.status, held.tenants) == ("fail", ("acme",))
    assert held.reason == f"acme not known to be well since: {REASON}"


def test_a_budget_that_was_exceeded_stays_exceeded() -> None:
    previous = before("latency", contacts_p99_ms=2100.0)
    assert hold(said("ok", "latency"), previous, facts("deals"), CRM, NOW).status == "fail"
    within = before("latency", contacts_p99_ms=1500.0)
    assert hold(said("ok", "latency"), within, facts("deals"), CRM, NOW).status == "ok"


def test_another_failure_is_told_and_the_first_is_not_forgotten() -> None:
    found = said("warn", reason="deals: timeout", deals_error_share=0.03)
    held = hold(found, before(contacts_told_share=0.31), facts("deals"), CRM, NOW)
    assert (held.status, held.reason) == ("warn", "deals: timeout")
    assert held.evidence["contacts_told_share"] == 0.31


@pytest.mark.parametrize(("hours", "status"), [(23.4, "fail"), (23.6, "ok")])
def test_it_is_held_as_long_as_silence_is_nothing_to_wonder_at(hours: float, status: str) -> None:
    later = NOW + timedelta(hours=hours)
    previous = before(contacts_told_share=0.31)
    assert hold(said("ok"), previous, facts("deals"), CRM, later).status == status


BROKEN = tuple(Part(name, "fail", "all fail") for name in ("acme", "bolt"))


def test_a_tenant_that_is_not_called_stays_broken() -> None:
    previous = replace(before("tenants"), parts=BROKEN, tenants=("acme", "bolt"))
    held = hold(said("ok", "tenants"), previous, facts("contacts", tenants=("bolt",)), CRM, NOW)
    assert (held.status, held.severity, held.tenants) == ("fail", "page", ("acme",))
    assert held.parts == BROKEN[:1]
    assert held.reason == f"acme not called since: {REASON}"
    both = facts("contacts", tenants=("acme", "bolt"))
    assert hold(said("ok", "tenants"), held, both, CRM, NOW).status == "ok"


def test_a_broken_tenant_joins_those_that_fail_now() -> None:
    previous = replace(before("auth"), parts=BROKEN[:1], tenants=("acme",))
    found = replace(said("fail", "auth", "bolt is refused"), parts=BROKEN[1:], tenants=("bolt",))
    held = hold(found, previous, facts("contacts", tenants=("bolt",)), CRM, NOW)
    assert held.tenants == ("acme", "bolt")
    assert held.reason == "bolt is refused; also before, and not called since: acme"


SILENT = said("unknown", reason="no calls are reported since 2026-02-26 12:00 UTC", last_call_s=1e9)


@pytest.mark.parametrize(
    ("days", "now_known", "status"),
    [
        pytest.param(4, facts(), "unknown", id="its minutes are gone"),
        pytest.param(31, facts(), "ok", id="a month later"),
        pytest.param(4, facts("contacts"), "ok", id="it is called again"),
    ],
)
def test_who_fell_silent_is_not_forgotten_with_its_minutes(
    days: int, now_known: CallFacts, status: str
) -> None:
    now = datetime.fromtimestamp(1e9, UTC) + timedelta(days=days)
    found = hold(said("ok", reason="no calls are reported"), SILENT, now_known, CRM, now)
    assert found.status == status
    assert (found.reason == SILENT.reason) is (status == "unknown")
