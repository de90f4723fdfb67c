from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integration_monitor.signals.facts import ConnectionFacts, GapExample, SyncFacts, TenantFacts
from integration_monitor.signals.gap_tables import details
from integration_monitor.signals.refusal import because, failed_with, reasons_by_key

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EMAIL, PLAN = "422 invalid email (bad_request)", "422 unknown plan (bad_request)"


@pytest.mark.parametrize(
    ("status", "message", "code", "said"),
    [
        (422, "invalid email", "email_invalid", "422 invalid email (bad_request)"),
        (422, None, "email_invalid", "422 email_invalid (bad_request)"),
        (422, None, None, "422 (bad_request)"),
        (None, "broken pipe", None, "broken pipe (bad_request)"),
        (None, None, None, "bad_request"),
    ],
)
def test_a_failed_call_in_words(
    status: int | None, message: str | None, code: str | None, said: str
) -> None:
    assert failed_with("bad_request", status=status, message=message, code=code) == said


@pytest.mark.parametrize(
    ("examples", "gaps", "said"),
    [
        ({}, 3, ""),
        ({"a": "", "b": ""}, 2, ""),
        ({"a": EMAIL}, 1, f": {EMAIL}"),
        ({"a": EMAIL, "b": EMAIL}, 123, f": {EMAIL} for 2 of them"),
        ({"a": EMAIL, "b": PLAN, "c": EMAIL}, 3, f": {EMAIL} for 2 of them"),
    ],
)
def test_the_commonest_reason_is_told_and_for_how_many(
    examples: dict[str, str], gaps: int, said: str
) -> None:
    assert because(examples, gaps) == said


def test_a_record_that_is_owed_in_two_versions_is_explained_once() -> None:
    facts = _facts(example("a", "missing"), example("a", "stale", EMAIL), example("b", "missing"))
    assert reasons_by_key(facts, "acme") == {"a": EMAIL, "b": ""}
    assert reasons_by_key(facts, "globex") == {}


def test_the_table_has_a_column_for_reasons_where_there_are_any() -> None:
    unexplained = details(_facts(example("a", "missing")))
    explained = details(_facts(example("a", "missing", EMAIL), example("b", "missing")))
    assert "failed with" not in unexplained
    assert "| tenant | record | what | since | found | the last call failed with |" in explained
    assert f"| acme | a | missing | 2026-03-01T12:00:00Z |  | {EMAIL} |" in explained


def example(key: str, kind: str, why: str = "") -> GapExample:
    return GapExample("acme", key, kind, NOON, why=why)


def _facts(*examples: GapExample) -> SyncFacts:
    return SyncFacts([ConnectionFacts("-", [TenantFacts("acme", gaps={"missing": 3})], examples)])
