"""Delivery to sinks: what is tried again has not arrived."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.webhook_delivery import judge
from integration_monitor.signals.webhook_facts import Handed, Sink, WebhookFacts
from integration_monitor_tests.webhook_rows import CRM, NOW, RULES

FACTS = WebhookFacts("crm", RULES)
TRIED = Stretches(1000, 50, 50)


def at(failed: Stretches, dead: int = 0, tried: Stretches = TRIED) -> Handed:
    return Handed(tried, failed, failed.window - dead, dead)


def judged(sinks: dict[str, Sink], **facts: object) -> Verdict:
    return judge(replace(FACTS, sinks=sinks, **facts), CRM, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failed", "status", "severity"),
    [
        (Stretches(), "ok", None),
        (Stretches(5, 1, 1), "ok", None),  # 99.5 % did arrive
        (Stretches(2, 1, 1), "ok", None),
        (Stretches(20, 1, 1), "fail", "ticket"),
        (Stretches(100, 50, 50), "fail", "page"),  # nothing arrives any more
        (Stretches(20, 0, 0), "warn", "ticket"),  # the newest do
    ],
)
def test_the_share_that_arrived(failed: Stretches, status: str, severity: str | None) -> None:
    found = judged({"product": Sink({"-": at(failed)})})
    assert (found.status, found.severity) == (status, severity)
    assert found.evidence["product_delivered_share"] == pytest.approx(1 - failed.window / 1000)
    assert found.evidence["undelivered"] == failed.window


def test_a_few_that_did_not_arrive_are_never_well() -> None:
    found = judged({"product": Sink({"-": at(Stretches(2), dead=2, tried=Stretches(2))})})
    assert (found.status, found.severity) == ("warn", "watch")
    assert found.reason == (
        "product: 2 of 2 events in 24 h did not arrive (2 given up); 99.5 % are to"
    )


def test_by_sink_and_tenant() -> None:
    few = at(Stretches(30, 5, 5), dead=10, tried=Stretches(30, 5, 5))
    sinks = {
        "product": Sink({"acme": at(Stretches()), "globex": few}, "503 Service Unavailable"),
        "warehouse": Sink({"acme": at(Stretches()), "globex": at(Stretches())}),
    }
    found = judged(sinks)
    assert found.status == "fail"
    assert found.reason == (
        "product: 30 of 1,030 events in 24 h did not arrive (20 tried again, 10 given up);"
        " 99.5 % are to; 503 Service Unavailable — globex"
    )
    assert found.parts == (Part("globex", "fail", "product: 30 of 30 events failed"),)
    assert "| product | globex | 30 | 20 | 10 |" in found.markdown


def unreadable(dead: Stretches, others: Stretches = TRIED) -> dict[str, Handed]:
    """Bodies that nobody can read, and so of no tenant, beside what is read of acme."""
    return {"-": at(dead, dead.window, tried=dead), "acme": Handed(others)}


@pytest.mark.parametrize("sinks", [{}, {"product": Sink({"acme": at(Stretches())})}])
@pytest.mark.parametrize(
    ("dead", "others", "status", "severity"),
    [
        (Stretches(3, 0, 3), TRIED, "ok", None),  # 99.7 % were processed
        (Stretches(9), TRIED, "warn", "ticket"),  # the newest are
        (Stretches(9, 2, 7), TRIED, "fail", "ticket"),
        (Stretches(3, 0, 3), Stretches(200), "fail", "ticket"),  # nothing else came just now
        (Stretches(10, 0, 10), Stretches(200), "fail", "page"),
        (Stretches(3, 0, 3), Stretches(), "fail", "page"),  # nothing else at all
        (Stretches(3, 0, 3), Stretches(1), "fail", "ticket"),
        (Stretches(1, 0, 1), Stretches(2, 0, 2), "warn", "watch"),
    ],
)
def test_what_could_not_be_processed_is_held_against_all_that_was_read(
    sinks: dict[str, Sink],
    dead: Stretches,
    others: Stretches,
    status: str,
    severity: str | None,
) -> None:
    found = judged(sinks, unprocessable=unreadable(dead, others))
    assert (found.status, found.severity) == (status, severity)
    assert found.evidence["dead"] == dead.window


def test_what_could_not_be_processed_reached_no_sink() -> None:
    found = judged({"product": Sink({"acme": at(Stretches())})}, unprocessable=unreadable(TRIED))
    assert found.reason == (
        "processing: 1,000 of 2,000 events in 24 h did not arrive (1,000 given up); 99.5 % are to"
    )
    assert found.parts == (Part("-", "fail", "(processing): 1,000 of 1,000 events failed"),)
    assert "| (processing) | - | 1,000 | 0 | 1,000 |" in found.markdown
    assert "| (processing) | acme |" not in found.markdown


def test_few_that_could_not_be_processed_are_said_without_sinks_too() -> None:
    plain = replace(FACTS, rules=replace(RULES, sinks={}))
    facts = replace(plain, unprocessable=unreadable(Stretches(3)))
    assert judge(facts, CRM, NOW).reason == (
        "no sink is declared: nothing is handed on; processing: 99.7 % of 1,003 events"
    )


def test_without_sinks_or_events_nothing_is_amiss_and_it_is_said() -> None:
    plain = replace(FACTS, rules=replace(RULES, sinks={}))
    assert judge(plain, CRM, NOW).reason == "no sink is declared: nothing is handed on"
    assert judged({}).reason == "nothing was to be delivered in 24 h"
