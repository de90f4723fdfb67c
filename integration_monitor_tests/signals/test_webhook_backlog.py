"""What waits to be processed, and whether anybody is at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.webhook_backlog import judge
from integration_monitor.signals.webhook_facts import Sink, Waiting, WebhookFacts
from integration_monitor_tests.webhook_rows import CRM, NOW, RULES, ago

FACTS = WebhookFacts("crm", RULES)


def judged(waiting: dict[str, Waiting], last: datetime | None = None) -> Verdict:
    return judge(replace(FACTS, waiting=waiting, last_processed=last), CRM, NOW)


@pytest.mark.parametrize(
    ("oldest", "status", "severity"),
    [(140, "ok", None), (160, "warn", "watch"), (300, "warn", "watch"), (301, "fail", "ticket")],
)
def test_the_oldest_against_the_limit(oldest: int, status: str, severity: str | None) -> None:
    found = judged({"acme": Waiting(7, ago(oldest)), "globex": Waiting(2, ago(3))}, ago(1))
    assert (found.status, found.severity) == (status, severity)
    assert found.evidence == {"backlog": 9, "oldest_s": oldest, "processing_retried": 0}


def test_tenants_and_reason() -> None:
    found = judged({"acme": Waiting(7, ago(420)), "globex": Waiting(2, ago(3))}, ago(1))
    assert found.reason == "9 events wait to be processed, the oldest for 7 min (acme)"
    assert found.parts == (Part("acme", "fail", "7 events, the oldest for 7 min"),)


@pytest.mark.parametrize(
    ("last", "said"),
    [(None, "nothing was processed at all"), (ago(600), "nothing was processed since 14:10 UTC")],
)
def test_where_no_worker_runs_it_is_a_page_that_says_so(last: datetime | None, said: str) -> None:
    found = judged({"-": Waiting(7, ago(420))}, last)
    assert (found.status, found.severity) == ("fail", "page")
    assert found.reason.endswith(f"{said}: is a worker running?")


def test_what_a_sink_waits_for_is_told_beside_the_question_for_a_worker() -> None:
    sinks = {"product": Sink({}, "not tried: environment variable PRODUCT_URL is not set")}
    waiting = {"-": Waiting(7, ago(420))}
    found = judge(replace(FACTS, waiting=waiting, sinks=sinks, last_processed=ago(600)), CRM, NOW)
    assert found.reason.endswith(
        "is a worker running?; product: not tried: environment variable PRODUCT_URL is not set"
    )


def test_what_a_sink_refuses_is_counted_and_no_sign_of_a_missing_worker() -> None:
    found = judged({"-": Waiting(7, ago(420), retried=3)})
    assert (found.status, found.severity) == ("fail", "ticket")
    assert found.reason.endswith("3 of them tried again")
    only = judged({"-": Waiting(3, None, retried=3)})
    assert (only.status, only.reason) == (
        "ok",
        "3 events wait to be processed, 3 of them tried again",
    )


def test_nothing_waits() -> None:
    assert judged({}).reason == "nothing waits to be processed"
