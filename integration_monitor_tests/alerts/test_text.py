from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from integration_monitor.alerts.decide import Reason
from integration_monitor.alerts.payload import Alert, as_json, build_alert
from integration_monitor.alerts.text import render
from integration_monitor.alerts.watched_check import WatchedCheck
from integration_monitor.incidents.domain import Finding, Happened, Incident, Subject, Transition
from integration_monitor.signals.verdict import API, ASSET_CHECKS, WEBHOOKS
from integration_monitor_tests.alerts.examples import CRM, ONCALL
from integration_monitor_tests.incidents.examples import START, at

INCIDENT = Incident(
    subject=Subject("crm", "contacts"),
    kind="broken",
    state="open",
    severity="page",
    reason="15 of 214 records are missing, for 3 tenants",
    tenants=("acme", "bolt", "cove"),
    findings=(
        Finding("reconciliation", "fail", "15 of 214 records are missing, for 3 tenants", {}),
        Finding("freshness", "warn", "the oldest is 20 minutes late", {}),
    ),
    began_at=START,
    updated_at=START,
    opened_at=START,
    id=12,
)
OPENED = build_alert(Transition("opened", INCIDENT, at(2), INCIDENT.reason), "opened", CRM, ONCALL)
ENDED = replace(OPENED, resolved_at=at(95), at=at(95))


def test_an_opening() -> None:
    text = render(OPENED)
    assert text.headline == (
        "[PAGE] Example CRM: contacts: 15 of 214 records are missing, for 3 tenants"
    )
    assert (
        text.body
        == """\
- reconciliation (fail): 15 of 214 records are missing, for 3 tenants
- freshness (warn): the oldest is 20 minutes late

Tenants (3): acme, bolt, cove
Began: 2026-03-01 12:00:00 UTC
Lasts: 2 min
Owner: Owner of CRM <crm@example.com>
Runbook: https://wiki.example.com/crm
What to do: Start the sync again.
Checks: http://127.0.0.1:3000/assets/crm/contacts_destination?view=checks
Next: integration-monitor gaps list crm/contacts
Incident: 12 (crm, crm/contacts/broken/20260301T120000Z-12)"""
    )


@pytest.mark.parametrize(
    ("alert", "headline", "first_line"),
    [
        (
            replace(OPENED, reason="worsened", new_tenants=("cove",)),
            "[PAGE WORSE] Example CRM: contacts: 15 of 214 records are missing, for 3 tenants",
            "It got worse: 1 more tenant (cove).",
        ),
        (
            replace(OPENED, reason="worsened", new_tenants=("bolt", "cove")),
            "[PAGE WORSE] Example CRM: contacts: 15 of 214 records are missing, for 3 tenants",
            "It got worse: 2 more tenants (bolt, cove).",
        ),
        (
            replace(OPENED, reason="worsened"),
            "[PAGE WORSE] Example CRM: contacts: 15 of 214 records are missing, for 3 tenants",
            "It got worse: its severity is page now.",
        ),
        (
            replace(OPENED, reason="reminded", at=START + timedelta(hours=28, minutes=5)),
            "[PAGE STILL OPEN] Example CRM: contacts: 15 of 214 records are missing, for 3 tenants",
            "It is still open after 1 d 4 h 5 min.",
        ),
        (
            replace(ENDED, reason="resolved"),
            "[PAGE RESOLVED] Example CRM: contacts: well again after 1 h 35 min",
            "Everything is well again after 1 h 35 min, for every tenant. It was:",
        ),
        (
            replace(ENDED, reason="resolved", kind="blind"),
            "[PAGE RESOLVED] Example CRM: contacts: can be seen again after 1 h 35 min",
            "Everything can be seen again after 1 h 35 min. It was:",
        ),
        (
            replace(ENDED, reason="no-longer-watched"),
            "[PAGE CLOSED] Example CRM: contacts: no longer watched",
            "It is in no manifest any more. Nobody saw it recover. It was:",
        ),
        (
            replace(OPENED, kind="blind", severity="ticket", subject="-", summary="no answer"),
            "[TICKET] Example CRM: monitor cannot see: no answer",
            "The monitor cannot see whether this works, so a quiet screen says nothing.",
        ),
    ],
)
def test_headline_and_first_line(alert: Alert, headline: str, first_line: str) -> None:
    text = render(alert)
    assert text.headline == headline
    assert text.body.splitlines()[0] == first_line


def test_a_short_failure_is_told_in_seconds() -> None:
    ended = START + timedelta(seconds=67)
    text = render(replace(OPENED, reason="resolved", resolved_at=ended, at=ended))
    assert text.headline == "[PAGE RESOLVED] Example CRM: contacts: well again after 67 s"
    assert text.body.startswith(
        "Everything is well again after 67 s, for every tenant. It was:\n- "
    )


def test_an_alert_about_calls() -> None:
    reason = (
        "contacts: bad_request on 31 % of 412 calls in 15 min since 14:05 UTC — the partner"
        " tightened validation or our payload changed; compare the payload with the schema"
    )
    findings = (
        Finding("errors", "fail", reason, {}),
        Finding("latency", "warn", "deals: p99 1.7 s is at 85 % of its budget of 2 s", {}),
    )
    of = replace(INCIDENT, subject=Subject("crm", API), reason=reason, findings=findings)
    alert = build_alert(Transition("opened", of, at(2), reason), "opened", CRM, ONCALL)
    text = render(alert)
    assert text.headline.startswith("[PAGE] Example CRM API: contacts: bad_request on 31 % of 412 ")
    assert text.body.splitlines()[:2] == [
        f"- errors (fail): {reason}",
        "- latency (warn): deals: p99 1.7 s is at 85 % of its budget of 2 s",
    ]
    assert "Next: integration-monitor calls failed crm" in text.body
    assert "Next: integration-monitor top crm --window 15m" in text.body
    assert "Checks: http://127.0.0.1:3000/assets/crm/api?view=checks" in text.body


def test_a_recovery_needs_no_instructions() -> None:
    body = render(replace(ENDED, reason="resolved")).body
    assert "What to do" not in body
    assert "Next:" not in body
    assert "Ended: 2026-03-01 13:35:00 UTC, after 1 h 35 min" in body


@pytest.mark.parametrize(
    ("signals", "asset"),
    [
        (["source_schema_drift"], "contacts_source"),
        (["source_schema_drift", "reconciliation"], "contacts_destination"),
        (["destination_schema_drift"], "contacts_destination"),
    ],
)
def test_the_link_leads_to_the_asset_whose_checks_fail(signals: list[str], asset: str) -> None:
    findings = tuple(Finding(signal, "fail", "`email` is lost", {}) for signal in signals)
    incident = replace(INCIDENT, findings=findings)
    alert = build_alert(Transition("opened", incident, at(2), ""), "opened", CRM, ONCALL)
    assert f"/assets/crm/{asset}?view=checks" in render(alert).body
    assert "Next: integration-monitor drift show crm/contacts" in render(alert).body


def test_many_tenants_are_counted() -> None:
    tenants = tuple(f"t{number:03}" for number in range(500))
    body = render(replace(OPENED, tenants=tenants)).body
    assert "Tenants (500): t000, t001," in body
    assert "t019 and 480 more" in body


CHECK = WatchedCheck(("analytics", "orders"), "not_null", ("team:sales",))
CHECK_INCIDENT = replace(
    INCIDENT,
    subject=Subject(ASSET_CHECKS, "analytics/orders:not_null"),
    reason="12 rows have no customer (null_rows: 12)",
    tenants=(),
    findings=(Finding("asset_check", "fail", "12 rows have no customer (null_rows: 12)", {}),),
)


def check_alert(happened: Happened, reason: Reason, check: WatchedCheck | None = CHECK) -> Alert:
    return build_alert(Transition(happened, CHECK_INCIDENT, at(2), ""), reason, None, ONCALL, check)


def test_an_asset_check() -> None:
    text = render(check_alert("opened", "opened"))
    assert text.headline == (
        "[PAGE] Asset check analytics/orders:not_null: 12 rows have no customer (null_rows: 12)"
    )
    assert (
        text.body
        == """\
- asset_check (fail): 12 rows have no customer (null_rows: 12)

Began: 2026-03-01 12:00:00 UTC
Lasts: 2 min
Owner: team:sales
Checks: http://127.0.0.1:3000/assets/analytics/orders?view=checks&checkDetail=not_null
Incident: 12 (@checks, @checks/analytics/orders:not_null/broken/20260301T120000Z-12)"""
    )


@pytest.mark.parametrize(
    ("reason", "headline", "first_line"),
    [
        ("resolved", "well again after 2 min", "The check passes again after 2 min. It was:"),
        (
            "no-longer-watched",
            "no longer watched",
            "It is not defined or not selected any more. Nobody saw it recover. It was:",
        ),
    ],
)
def test_the_end_of_an_asset_check(reason: Reason, headline: str, first_line: str) -> None:
    text = render(check_alert("resolved", reason))
    label = "PAGE RESOLVED" if reason == "resolved" else "PAGE CLOSED"
    assert text.headline == f"[{label}] Asset check analytics/orders:not_null: {headline}"
    assert text.body.splitlines()[0] == first_line


def test_a_check_that_is_gone_has_the_default_owner_and_no_page() -> None:
    alert = check_alert("resolved", "no-longer-watched", None)
    assert alert.owner == ONCALL.owner
    assert alert.dagster_url is None
    assert as_json(alert)["asset_check"] is None


def test_parts_of_a_key_are_escaped_in_the_link() -> None:
    page = WatchedCheck(("a/b", "c d"), "x").page("http://d/")
    assert page == "http://d/assets/a%2Fb/c%20d?view=checks&checkDetail=x"


def test_an_owner_without_an_address() -> None:
    assert as_json(check_alert("opened", "opened"))["owner"] == {
        "name": "team:sales",
        "email": None,
    }


SILENT = "acme: no `contact.changed` for 47 min; 13.1 expected since 11:13 UTC, chance 2·10⁻⁶"
QUIET = replace(
    OPENED,
    subject=WEBHOOKS,
    summary=SILENT,
    tenants=("acme",),
    findings=(
        Finding("volume", "fail", SILENT, {}),
        Finding("backlog", "warn", "7 events wait to be processed", {}),
    ),
)


def test_an_alert_about_the_webhooks_of_one_tenant_names_it_once_in_each_place() -> None:
    text = render(QUIET)
    assert text.headline == f"[PAGE] Example CRM webhooks of {SILENT}"
    assert text.body.splitlines()[:4] == [
        f"- volume (fail): {SILENT.removeprefix('acme: ')}",
        "- backlog (warn): 7 events wait to be processed",
        "",
        "Tenants (1): acme",
    ]
    over = replace(QUIET, reason="resolved", resolved_at=at(95), at=at(95))
    headline = "[PAGE RESOLVED] Example CRM webhooks of acme: well again after 1 h 35 min"
    assert render(over).headline == headline


def test_of_several_tenants_a_reason_names_its_own() -> None:
    text = render(replace(QUIET, tenants=("acme", "bolt")))
    assert text.headline == f"[PAGE] Example CRM webhooks: {SILENT}"
    assert f"- volume (fail): {SILENT}" in text.body
