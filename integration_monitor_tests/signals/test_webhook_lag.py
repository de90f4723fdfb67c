"""How late events are: enough late ones, for long enough, and what cannot be told is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.webhook_facts import Lag, Lags, WebhookFacts
from integration_monitor.signals.webhook_lag import judge
from integration_monitor_tests.webhook_rows import CRM, NOW, RULES

NONE = Stretches()
FACTS = WebhookFacts("crm", RULES)


def a_lag(late: Stretches, p95: float = 90, least: float = 0.5) -> Lag:
    """Of 100 events, 20 of them in the last minutes."""
    return Lag(Stretches(100, 10, 10), late, p50=2, p95=p95, least=least)


FINE = a_lag(NONE, p95=3)


def judged(**facts: object) -> Verdict:
    known = replace(FACTS, **{"events": 100, **facts})  # type: ignore[arg-type]
    return judge(known, replace(CRM, webhooks=known.rules), NOW)


@pytest.mark.parametrize(
    ("late", "status"),
    [
        (Stretches(40, 5, 5), "fail"),
        (Stretches(5, 5, 5), "ok"),  # just 5 %: p95 is within the limit
        (Stretches(6, 1, 1), "fail"),
        (Stretches(40, 0, 10), "ok"),  # has only begun
        (Stretches(40, 10, 0), "ok"),  # is over
        (Stretches(2, 1, 1), "ok"),
    ],
)
def test_it_fails_while_more_than_five_percent_are_late(late: Stretches, status: str) -> None:
    found = judged(arrival=Lags(a_lag(late)), processing=Lags(FINE))
    assert found.status == status
    assert judged(arrival=Lags(FINE), processing=Lags(a_lag(late))).status == status


def test_reason_numbers_and_tenants() -> None:
    late = a_lag(Stretches(40, 5, 5))
    found = judged(arrival=Lags(late, {"acme": late}), processing=Lags(FINE))
    assert found.reason == (
        "40 of 100 events in 30 min arrived more than 30 s late (p95 90 s) (acme)"
    )
    assert found.parts == (Part("acme", "fail", "40 of 100 events arrived late, p95 90 s"),)
    assert found.evidence == {
        "events": 100,
        "arrival_p50_s": 2,
        "arrival_p95_s": 90,
        "arrival_late_events": 40,
        "arrival_told_share": 0.4,
        "processing_p50_s": 2,
        "processing_p95_s": 3,
        "processing_late_events": 0,
        "processing_told_share": 0,
    }
    assert "| acme | arrival | 100 | 40 | 2 s | 90 s |" in found.markdown


def test_a_clock_that_is_behind_makes_all_late_by_the_same() -> None:
    late = a_lag(Stretches(100, 10, 10), p95=601, least=599)
    found = judged(arrival=Lags(late), processing=Lags(FINE))
    assert found.reason.endswith("all by about the same: is the partner's clock behind?")


def test_a_clock_that_is_ahead_hides_how_late_events_are() -> None:
    found = judged(arrival=Lags(FINE), processing=Lags(FINE), ahead=80, ahead_by=600.0)
    assert found.status == "unknown"
    assert found.reason == (
        "the partner's clock is 600 s ahead of ours: how late events arrive cannot be told"
    )
    some = judged(arrival=Lags(FINE), processing=Lags(FINE), ahead=20, ahead_by=600.0)
    assert some.status == "ok"


def test_events_that_do_not_tell_when_they_occurred_are_unknown() -> None:
    found = judged(processing=Lags(FINE))
    assert (found.status, found.reason) == ("unknown", "none of 100 events tells when it occurred")


def test_without_occurred_at_the_processing_is_judged_and_the_rest_is_said() -> None:
    rules = replace(RULES, occurred_at=None)
    found = judged(rules=rules, processing=Lags(FINE))
    assert found.status == "ok"
    assert found.reason == (
        "95 % of 100 events in 30 min were processed within 3 s;"
        " when events occurred is not known: `webhooks.occurred_at` is not declared"
    )
    late = judged(rules=rules, processing=Lags(a_lag(Stretches(40, 5, 5))))
    assert late.status == "fail"
    assert "were processed more than 30 s late" in late.reason


def test_no_event_is_not_a_late_one() -> None:
    found = judge(FACTS, CRM, NOW)
    assert (found.status, found.reason) == ("ok", "no event came in 30 min")


def test_without_a_receiver_no_event_is_no_good_sign() -> None:
    assert judged(events=0).status == "ok"
    assert judged(events=0, is_heard=False).status == "unknown"
