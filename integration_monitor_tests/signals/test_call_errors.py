"""Which shares of failed calls are told, how urgently, and in which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from integration_monitor.signals import call_errors
from integration_monitor.signals.call_facts import (
    Before,
    CallFacts,
    EndpointCalls,
    OutcomeCounts,
    Stretches,
)
from integration_monitor.signals.verdict import API, Verdict
from integration_monitor_tests.call_examples import CRM, NOW, ago


def counts(n: int, *, burst: int | None = None) -> OutcomeCounts:
    """Evenly spread over the window of 15 minutes."""
    return OutcomeCounts(Stretches(n, n * 2 // 15, n * 3 // 15), burst or n // 3, n)


def endpoint(of: int, burst: int | None = None, **failed: int) -> EndpointCalls:
    """So many calls, of which some failed in a way."""
    bad = {name: counts(n, burst=burst) for name, n in failed.items()}
    return EndpointCalls({"ok": counts(of - sum(failed.values())), **bad}, since=ago(15))


def judged(**endpoints: EndpointCalls) -> Verdict:
    return call_errors.judge(CallFacts("crm", ago(-1), endpoints), CRM, NOW)


@pytest.mark.parametrize(
    ("calls", "status", "severity"),
    [
        pytest.param(endpoint(900), "ok", None, id="all well"),
        pytest.param(endpoint(900, server=45), "fail", "page", id="at fail"),
        pytest.param(endpoint(900, server=30), "warn", "ticket", id="between warn and fail"),
        pytest.param(endpoint(900, server=9), "ok", None, id="below warn"),
        pytest.param(endpoint(900, server=15, timeout=30), "fail", "page", id="classes add up"),
        pytest.param(endpoint(900, not_found=450, conflict=50), "ok", None, id="nobody's failure"),
        pytest.param(endpoint(900, needs_reauth=90), "fail", "ticket", id="the customer's turn"),
        pytest.param(endpoint(900, brandnew=90), "fail", "page", id="a class not heard of"),
        pytest.param(endpoint(19, server=9), "ok", None, id="too few calls"),
        pytest.param(endpoint(4, server=4), "warn", "ticket", id="few calls, and none works"),
        pytest.param(endpoint(2, server=2), "ok", None, id="two calls are too few even then"),
        pytest.param(endpoint(20, server=9), "fail", "page", id="just enough calls"),
        pytest.param(endpoint(20, server=2), "ok", None, id="two failed calls are isolated"),
        pytest.param(endpoint(12, server=12, burst=10), "fail", "page", id="a burst of few calls"),
        pytest.param(endpoint(12, server=9, burst=9), "ok", None, id="nine are no burst"),
        pytest.param(
            endpoint(90_000, server=60, burst=20), "ok", None, id="ten of thousands is no burst"
        ),
    ],
)
def test_what_is_told_and_how_urgently(
    calls: EndpointCalls, status: str, severity: str | None
) -> None:
    verdict = judged(contacts=calls, deals=endpoint(900))
    assert (verdict.subject, verdict.signal) == (API, "errors")
    assert (verdict.status, verdict.severity) == (status, severity)


@pytest.mark.parametrize(
    ("before", "status"),
    [
        pytest.param(Before(10_000, 30), "warn", id="more than four times"),
        pytest.param(Before(12_000, 45), "warn", id="exactly four times"),
        pytest.param(Before(12_000, 46), "ok", id="not quite"),
        pytest.param(Before(10_000, 0), "warn", id="from nothing"),
        pytest.param(Before(19, 0), "ok", id="too few calls before"),
        pytest.param(None, "ok", id="no calls before"),
    ],
)
def test_a_sudden_rise_is_told_below_the_limits(before: Before | None, status: str) -> None:
    calls = replace(endpoint(2000, server=30), before=before)
    assert judged(contacts=calls, deals=endpoint(900)).status == status


@pytest.mark.parametrize(
    ("calls", "status"),
    [
        pytest.param(endpoint(1000, server=9), "ok", id="fewer than a burst"),
        pytest.param(endpoint(1000, server=10), "warn", id="as many as a burst"),
        pytest.param(endpoint(2001, server=10), "ok", id="below warn / rise"),
    ],
)
def test_a_rise_needs_enough_errors(calls: EndpointCalls, status: str) -> None:
    calls = replace(calls, before=Before(10_000, 0))
    assert judged(contacts=calls, deals=endpoint(900)).status == status


def test_the_reason_says_how_many_since_when_and_what_to_do() -> None:
    verdict = judged(
        contacts=endpoint(412, bad_request=128, server=9), deals=endpoint(100, timeout=10)
    )
    assert verdict.reason == (
        "contacts: bad_request on 31 % of 412 calls in 15 min since 14:05 UTC, 33 % with other"
        " errors — the partner tightened validation or our payload changed; compare the payload"
        " with the schema and the mapping; also deals (timeout 10 %)"
    )


def test_the_reason_of_a_burst_and_of_a_rise() -> None:
    burst = judged(contacts=endpoint(12, server=11, burst=10), deals=endpoint(900))
    assert burst.reason.startswith("contacts: server on 10 of 10 calls in 5 min since 14:05 UTC — ")
    calls = replace(endpoint(2000, server=30), before=Before(10_000, 30))
    rise = judged(contacts=calls, deals=endpoint(900))
    assert "server on 1.5 % of 2,000 calls" in rise.reason
    assert "up from 0.3 % in the hour before" in rise.reason


@pytest.mark.parametrize(
    ("endpoints", "severity"),
    [
        pytest.param({"deals": endpoint(900, server=90), "contacts": endpoint(900)}, "ticket"),
        pytest.param({"deals": endpoint(900, server=90)}, "page", id="all that is called fails"),
        pytest.param({"deals": endpoint(900, server=30), "contacts": endpoint(900)}, "watch"),
        pytest.param({"other": endpoint(900, server=30), "contacts": endpoint(900)}, "watch"),
    ],
)
def test_what_is_not_critical_is_less_urgent(
    endpoints: dict[str, EndpointCalls], severity: str
) -> None:
    assert judged(**endpoints).severity == severity


def test_evidence_has_the_same_keys_whatever_happened() -> None:
    well = judged(contacts=endpoint(900), deals=endpoint(900))
    broken = judged(contacts=endpoint(900, server=90), deals=endpoint(900))
    assert well.evidence.keys() == broken.evidence.keys()
    assert broken.evidence["error_share"] == 0.05
    assert broken.evidence["contacts_error_share"] == 0.1
    assert well.reason == "none of 1,800 calls failed in 15 min"


def test_the_table_has_a_row_for_each_endpoint_the_worst_first() -> None:
    verdict = judged(contacts=endpoint(900), deals=endpoint(900, server=90, not_found=9))
    lines = verdict.markdown.splitlines()
    assert lines[2] == "| deals | 900 | 90 | 10 % | server 90, not_found 9 | 14:05 UTC |"
    assert lines[3].startswith("| contacts | 900 | 0 | 0 % |")


@pytest.mark.parametrize(
    ("silence", "status", "reason"),
    [
        (None, "ok", "no calls are reported"),
        (timedelta(hours=23), "ok", "no calls are reported since 2026-02-28 15:20 UTC, 23 h ago"),
        (timedelta(hours=25), "unknown", "no calls are reported since 2026-02-28 13:20 UTC"),
    ],
)
def test_no_calls(silence: timedelta | None, status: str, reason: str) -> None:
    facts = CallFacts("crm", ago(-1), last_call=None if silence is None else NOW - silence)
    verdict = call_errors.judge(facts, CRM, NOW)
    assert (verdict.status, verdict.reason) == (status, reason)
