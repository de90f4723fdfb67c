from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from integration_monitor.cli.incidents import _as_text
from integration_monitor.incidents.domain import Subject
from integration_monitor.signals.verdict import ASSET_CHECKS
from integration_monitor_tests.store.test_incidents import INCIDENT


def test_an_asset_check_is_named_as_one() -> None:
    check = replace(INCIDENT, subject=Subject(ASSET_CHECKS, "analytics/orders:not_null"))
    assert " asset check analytics/orders:not_null since " in _as_text(check)
    assert f" {INCIDENT.subject.integration}/{INCIDENT.subject.name} since " in _as_text(INCIDENT)


def test_what_ended_says_when_and_whether_it_recovered() -> None:
    ended = replace(INCIDENT, state="resolved", resolved_at=INCIDENT.began_at + timedelta(hours=1))
    until = f" until {ended.resolved_at:%Y-%m-%dT%H:%M:%SZ}"
    assert until in _as_text(replace(ended, closed_reason="recovered"))
    forgotten = replace(ended, closed_reason="no longer watched")
    assert f"{until} (no longer watched)" in _as_text(forgotten)
    assert " until " not in _as_text(INCIDENT)
