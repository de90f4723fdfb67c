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


def test_what_could_not_be_processed_reached_no_sink() -> None:
    found = judged({"product": Sink({"-": at(Stretches())})}, unprocessable={"-": Stretches(9)})
    assert found.status == "warn"
    assert found.reason.startswith("processing: 9 of 1,009 events in 24 h did not arrive (9 given")


def test_without_sinks_or_events_nothing_is_amiss_and_it_is_said() -> None:
    plain = replace(FACTS, rules=replace(RULES, sinks={}))
    assert judge(plain, CRM, NOW).reason == "no sink is declared: nothing is handed on"
    assert judged({}).reason == "nothing was to be delivered in 24 h"
