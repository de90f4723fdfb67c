from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from integration_monitor.signals.asset_check import (
    FOR_EVER,
    Attention,
    CheckSeverities,
    CheckSeverity,
    Evaluated,
    NotEvaluated,
    judge_asset_check,
)
from integration_monitor.signals.verdict import Status

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAILED = Evaluated(AT, passed=False, description="Has every order a customer?")
DIED = NotEvaluated(AT, "its run 17 failed before the check was evaluated")


def judged(
    last: Evaluated | NotEvaluated, severities: CheckSeverities | None = None
) -> tuple[Status, str | None, str] | None:
    """Status, severity and reason."""
    found = judge_asset_check("orders:not_null", last, severities or CheckSeverities())
    if found is None:
        return None
    assert (found.subject, found.at, found.valid_until) == ("orders:not_null", AT, FOR_EVER)
    return found.status, found.severity, found.reason


@pytest.mark.parametrize(
    ("severity", "attention", "status", "expected"),
    [
        ("error", "page", "fail", "page"),
        ("error", "watch", "fail", "watch"),
        ("warn", "ticket", "warn", "ticket"),
        ("warn", "page", "warn", "page"),
        ("warn", "ignore", "ok", None),
        ("error", "ignore", "ok", None),
    ],
)
def test_the_attention_that_a_severity_gets(
    severity: CheckSeverity, attention: Attention, status: Status, expected: str | None
) -> None:
    severities = CheckSeverities.of({severity: attention})
    said = judged(replace(FAILED, severity=severity), severities)
    assert said == (status, expected, "Has every order a customer?")


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (replace(FAILED, passed=True), "it passed"),
        (replace(FAILED, passed=True, numbers={"rows": 12.0}), "it passed (rows: 12)"),
        (replace(FAILED, description=""), "it did not pass"),
        (
            replace(FAILED, description="two\n\nlines\0", numbers={"rows": 1204.0, "p": 0.12345}),
            "two lines (rows: 1,204, p: 0.1235)",
        ),
        (replace(FAILED, description="x" * 500), "x" * 298 + " …"),
        (
            replace(FAILED, description="no", numbers=dict.fromkeys("abcdefg", 1.0)),
            "no (a: 1, b: 1, c: 1, d: 1, e: 1)",
        ),
    ],
)
def test_what_the_reason_says(last: Evaluated, reason: str) -> None:
    said = judged(last)
    assert said is not None
    assert said[2] == reason


def test_a_check_whose_run_died_is_unknown() -> None:
    assert judged(DIED) == ("unknown", "ticket", DIED.reason)
    assert judged(DIED, CheckSeverities.of({"unevaluated": "page"})) == (
        "unknown", "page", DIED.reason,
    )  # fmt: skip
    assert judged(DIED, CheckSeverities.of({"unevaluated": "ignore"})) is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"eror": "page"}, "`eror` is not a severity of an asset check: use one of warn, error,"),
        ({"warn": "pager"}, "`pager` is not what `warn` can become: use one of page, ticket,"),
    ],
)
def test_a_word_that_means_nothing(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        CheckSeverities.of(given)
