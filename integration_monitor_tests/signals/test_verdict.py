"""The details of a verdict, which are written when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from integration_monitor.signals.verdict import API, Verdict

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_verdict(details: str | Callable[[], str]) -> Verdict:
    return Verdict("crm", API, "errors", "ok", "", NOW, NOW + timedelta(hours=1), details=details)


def test_details_are_written_once_and_not_before_they_are_asked_for() -> None:
    written: list[str] = []

    def write() -> str:
        written.append("| contacts |")
        return written[-1]

    verdict = a_verdict(write)
    assert not written
    assert [verdict.markdown, verdict.markdown] == ["| contacts |"] * 2
    assert len(written) == 1
    assert a_verdict("| contacts |").markdown == "| contacts |"


def test_a_mistake_in_the_details_leaves_the_verdict_and_tells_no_secret() -> None:
    def write() -> str:
        raise KeyError("a secret")

    said = a_verdict(write).markdown
    assert said.startswith("the details could not be written: the monitor stopped with KeyError")
    assert "a secret" not in said
