from __future__ import annotations

from datetime import UTC, datetime, timedelta

from integration_monitor.manifest.domain import ManifestError
from integration_monitor.signals.manifest import judge_manifest
from integration_monitor.signals.verdict import Verdict

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
UNTIL = AT + timedelta(hours=2)
ERRORS = [
    ManifestError("crm.yaml", 9, 1, "unknown key `b`"),
    ManifestError("crm.yaml", 2, 1, "unknown key `a`"),
]


def judged(errors: list[ManifestError], *, edited: bool = False) -> Verdict:
    return judge_manifest("crm", errors, edited=edited, at=AT, valid_until=UNTIL)


def test_a_sound_file_is_ok() -> None:
    assert judged([]) == Verdict(
        integration="crm",
        subject="-",
        signal="manifest",
        status="ok",
        reason="the manifest is valid",
        at=AT,
        valid_until=UNTIL,
        evidence={"errors": 0.0, "edited": 0.0},
    )


def test_an_edited_file_is_ok_and_asks_for_a_reload() -> None:
    verdict = judged([], edited=True)
    assert (verdict.status, verdict.severity) == ("ok", None)
    assert "reload" in verdict.reason


def test_a_broken_file_fails_with_its_first_error_and_lists_all() -> None:
    verdict = judged(ERRORS, edited=True)
    assert (verdict.status, verdict.severity) == ("fail", "ticket")
    assert verdict.reason == (
        "the manifest has 2 errors: crm.yaml:2:1: unknown key `a` (and 1 more)"
    )
    assert verdict.markdown == (
        "- `crm.yaml:2:1` unknown key `a`\n- `crm.yaml:9:1` unknown key `b`"
    )
    assert verdict.evidence["errors"] == 2.0


def test_one_error_is_one_error() -> None:
    assert judged(ERRORS[:1]).reason == "the manifest has 1 error: crm.yaml:9:1: unknown key `b`"
