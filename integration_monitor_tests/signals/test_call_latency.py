"""Percentiles against budgets: at risk, over, and for how long."""

from __future__ import annotations

import pytest

from integration_monitor.signals import call_latency
from integration_monitor.signals.call_facts import (
    CallFacts,
    EndpointCalls,
    EndpointLatency,
    Stretches,
)
from integration_monitor.signals.verdict import API, Verdict
from integration_monitor_tests.call_examples import CRM, NOW, ago

ALL = Stretches(1500, 200, 300)
FAST = EndpointLatency(ALL, {"p50": 90.0, "p95": 300.0, "p99": 700.0})


def judged(**latencies: EndpointLatency) -> Verdict:
    endpoints = {name: EndpointCalls({}) for name in latencies}
    return call_latency.judge(CallFacts("crm", ago(-1), endpoints, latencies), CRM, NOW)


def slow(window: int, older: int, newer: int, calls: Stretches = ALL) -> EndpointLatency:
    """So many calls longer than two seconds."""
    counted = {"p99": Stretches(window, older, newer)}
    return EndpointLatency(calls, {"p50": 90, "p95": 300, "p99": 2100}, counted, counted)


def risky(window: int, older: int, newer: int) -> EndpointLatency:
    counted = {"p99": Stretches(window, older, newer)}
    return EndpointLatency(ALL, {"p50": 90, "p95": 300, "p99": 1700}, {}, counted)


@pytest.mark.parametrize(
    ("latency", "status", "severity"),
    [
        pytest.param(FAST, "ok", None, id="well below"),
        pytest.param(slow(16, 3, 4), "fail", "page", id="more than one percent, all along"),
        pytest.param(slow(15, 3, 4), "ok", None, id="exactly one percent is p99 on the budget"),
        pytest.param(slow(16, 0, 16), "ok", None, id="it has only begun"),
        pytest.param(slow(16, 16, 0), "ok", None, id="it is over"),
        pytest.param(risky(16, 3, 4), "warn", "ticket", id="at risk"),
        pytest.param(risky(16, 0, 4), "ok", None, id="at risk for a moment"),
        pytest.param(slow(19, 0, 0, Stretches(19)), "ok", None, id="too few calls"),
        pytest.param(slow(2, 0, 0, Stretches(20)), "ok", None, id="two slow calls are no p99"),
        pytest.param(slow(3, 0, 0, Stretches(20)), "fail", "page", id="three are"),
    ],
)
def test_what_is_told_and_how_urgently(
    latency: EndpointLatency, status: str, severity: str | None
) -> None:
    verdict = judged(contacts=latency, deals=FAST)
    assert (verdict.subject, verdict.signal) == (API, "latency")
    assert (verdict.status, verdict.severity) == (status, severity)


def test_what_has_no_budget_is_shown_and_never_fails() -> None:
    verdict = judged(deals=slow(1500, 200, 300), other=slow(1500, 200, 300))
    assert verdict.status == "ok"
    assert "| deals | 1,500 | 90 ms | 300 ms | 2.1 s |  |" in verdict.markdown
    assert verdict.evidence["deals_p99_ms"] == 2100


def test_the_reason_says_what_is_over_and_by_how_much() -> None:
    assert judged(contacts=slow(16, 3, 4)).reason == (
        "contacts: p99 2.1 s is over its budget of 2 s, on 1,500 calls in 15 min"
    )
    assert judged(contacts=risky(16, 3, 4)).reason == (
        "contacts: p99 1.7 s is at 85 % of its budget of 2 s, on 1,500 calls in 15 min"
    )
    assert judged(contacts=FAST).reason == (
        "all budgets are kept; the slowest endpoint is contacts with p95 300 ms in 15 min"
    )


def test_the_table_marks_what_is_over() -> None:
    verdict = judged(contacts=slow(16, 3, 4))
    assert verdict.markdown.splitlines()[2] == (
        "| contacts | 1,500 | 90 ms | 300 ms | 2.1 s (over) | p95 800 ms, p99 2 s |"
    )
    assert verdict.evidence["budgets_exceeded"] == 1


def test_no_calls_and_none_that_was_answered() -> None:
    assert judged().reason == "no calls are reported"
    facts = CallFacts("crm", ago(-1), {"contacts": EndpointCalls({})})
    assert call_latency.judge(facts, CRM, NOW).reason == (
        "no call had an answer whose time could be taken in 15 min"
    )
