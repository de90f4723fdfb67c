"""Rejected requests: a share that lasts, a connection of which all are, a reason that is new."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.verdict import Verdict
from integration_monitor.signals.webhook_facts import Rejected, Requests, WebhookFacts
from integration_monitor.signals.webhook_signatures import judge
from integration_monitor_tests.webhook_rows import CRM, NOW, RULES, ago

FACTS = WebhookFacts("crm", RULES)
MANY = Stretches(300, 50, 50)


def rejected(requests: Stretches, reason: str = "mismatch") -> dict[str, Rejected]:
    return {reason: Rejected(requests, ago(20))}


def judged(**facts: object) -> Verdict:
    return judge(replace(FACTS, **facts), CRM, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        (Stretches(60, 20, 20), "fail"),
        (Stretches(15, 5, 5), "ok"),
        (Stretches(60, 0, 60), "ok"),  # a burst that has to last
        (Stretches(60, 30, 0), "ok"),  # over
        (Stretches(2, 1, 1), "ok"),
    ],
)
def test_a_share_that_lasts_fails(bad: Stretches, status: str) -> None:
    found = judged(connections={"-": Requests(MANY, rejected(bad))})
    assert found.status == status
    assert found.evidence["rejected_requests"] == found.evidence["rejected_mismatch"] == bad.window


def test_the_reasons_are_told() -> None:
    bad = {**rejected(Stretches(60, 20, 20)), **rejected(Stretches(40, 5, 5), "timestamp")}
    found = judged(connections={"-": Requests(MANY, bad)})
    assert found.reason == "25 % of 400 requests in 15 min rejected: mismatch 60, timestamp 40"
    assert found.severity == "ticket"
    assert "| - | mismatch | 60 | 300 | 14:20 UTC |" in found.markdown


def test_where_nothing_is_accepted_it_is_a_page() -> None:
    bad = rejected(Stretches(60, 20, 20))
    accepted = Stretches(100, 0, 0)
    assert judged(connections={"-": Requests(accepted, bad)}).severity == "page"


def test_one_connection_of_which_all_is_rejected_does_not_drown() -> None:
    found = judged(
        connections={
            "acme": Requests(Stretches(9000, 900, 900)),
            "globex": Requests(rejected=rejected(Stretches(20, 5, 5))),
        }
    )
    assert (found.status, found.severity) == ("fail", "ticket")
    assert found.tenants == ("globex",)
    assert found.reason == "globex: 100 % of 20 requests in 15 min rejected"


def test_made_up_connections_are_no_tenants() -> None:
    bad = Requests(rejected=rejected(Stretches(20, 5, 5)), is_known=False)
    found = judged(connections={"acme": Requests(Stretches(9000, 900, 900)), "x": bad})
    assert (found.status, found.tenants) == ("ok", ())
    assert "x (never sent an event)" in found.markdown


def test_a_new_reason_is_told_however_few_they_are() -> None:
    found = judged(
        connections={"-": Requests(MANY, rejected(Stretches(1, 0, 1), "timestamp"))},
        first_seen={"timestamp": ago(60)},
    )
    assert (found.status, found.severity) == ("warn", "watch")
    assert found.reason == (
        "rejected as timestamp for the first time, since 14:19 UTC;"
        " 0.3 % of 301 requests in 15 min rejected"
    )


def test_no_request_says_nothing_bad() -> None:
    assert judged().status == "ok"
    assert judged().reason == "no request came in 15 min"


def test_without_a_receiver_no_request_is_no_good_sign() -> None:
    assert judged().status == "ok"
    found = judged(is_heard=False)
    assert (found.status, found.severity) == ("unknown", "watch")
    assert judged(is_heard=False, connections={"-": Requests(MANY)}).status == "ok"


@pytest.mark.parametrize(
    ("reasons", "severity"),
    [
        (("missing_header",), "ticket"),
        (("missing_header", "no_signature", "crowded"), "ticket"),
        (("missing_header", "mismatch"), "page"),
        (("malformed",), "page"),
        (("unavailable",), "page"),
    ],
)
def test_what_nobody_tried_to_sign_is_no_page(reasons: tuple[str, ...], severity: str) -> None:
    three = Rejected(Stretches(3, 0, 3), ago(20))
    found = judged(connections={"-": Requests(rejected=dict.fromkeys(reasons, three))})
    assert (found.status, found.severity) == ("fail", severity)


def test_strangers_alone_are_no_page() -> None:
    strangers = Requests(Stretches(), rejected(Stretches(60, 20, 20)), is_known=False)
    found = judged(connections={"made-up": strangers})
    assert (found.status, found.severity) == ("fail", "ticket")
