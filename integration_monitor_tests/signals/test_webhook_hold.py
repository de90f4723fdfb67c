"""Rejections and failed deliveries are not over because nothing comes any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from integration_monitor.signals import webhook_delivery, webhook_signatures
from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.webhook_facts import (
    Handed,
    Rejected,
    Requests,
    Sink,
    WebhookFacts,
)
from integration_monitor.signals.webhook_hold import (
    FORGOTTEN_AFTER,
    hold_delivery,
    hold_signatures,
    remember,
)
from integration_monitor.signals.webhooks import verdict
from integration_monitor_tests.webhook_rows import CRM, NOW, RULES, ago

FACTS = WebhookFacts("crm", RULES)
NOTHING = Requests()
ALL_REJECTED = Requests(rejected={"mismatch": Rejected(Stretches(20, 5, 5), ago(20))})
ACCEPTED = Requests(Stretches(9, 1, 0))
LONG_AGO_ACCEPTED = Requests(Stretches(9, 0, 0))
NONE_ARRIVED = Handed(Stretches(9, 3, 3), Stretches(9, 3, 3), dead=9)
SOME_ARRIVED = Handed(Stretches(9, 3, 3), Stretches(8, 3, 2), dead=8)
LATER = NOW + timedelta(minutes=20)


def signatures(
    connections: Mapping[str, Requests], previous: Verdict | None = None, now: datetime = NOW
) -> Verdict:
    facts = replace(FACTS, connections=connections)
    return hold_signatures(webhook_signatures.judge(facts, CRM, now), previous, facts, now)


def delivery(
    product: Handed | None, previous: Verdict | None = None, facts: WebhookFacts = FACTS
) -> Verdict:
    sinks = {"product": Sink({"acme": product})} if product else {}
    facts = replace(facts, sinks=sinks)
    return hold_delivery(webhook_delivery.judge(facts, CRM, NOW), previous, facts, NOW)


@pytest.mark.parametrize("since", [NOTHING, LONG_AGO_ACCEPTED])
def test_a_connection_that_fell_silent_is_unknown(since: Requests) -> None:
    failed = signatures({"acme": ALL_REJECTED})
    assert failed.status == "fail"
    held = signatures({"acme": since}, failed, LATER)
    assert (held.status, held.severity, held.tenants) == ("unknown", failed.severity, ("acme",))
    assert held.reason == (
        "no request of acme was accepted in 15 min, so it is not known whether it is over;"
        f" before: {failed.reason}"
    )
    again = signatures({"acme": since}, held, LATER + timedelta(days=1))
    assert (again.status, again.reason) == ("unknown", held.reason)


def test_a_request_that_is_accepted_ends_it() -> None:
    held = signatures({}, signatures({"acme": ALL_REJECTED}), LATER)
    assert signatures({"acme": ACCEPTED}, held, LATER).status == "ok"


def test_other_connections_prove_nothing() -> None:
    failed = signatures({"acme": ALL_REJECTED, "globex": ALL_REJECTED})
    held = signatures({"globex": ACCEPTED}, failed, LATER)
    assert (held.status, held.tenants) == ("unknown", ("acme",))
    both = signatures({"globex": ALL_REJECTED}, held, LATER)
    assert (both.status, both.tenants, both.blind) == ("fail", ("acme", "globex"), ("acme",))
    assert signatures({"globex": ACCEPTED}, both, LATER).tenants == ("acme",)


def test_strangers_who_sign_nothing_make_no_ticket_of_a_page() -> None:
    strangers = {"missing_header": Rejected(Stretches(3, 0, 3), ago(20))}
    unsigned = Requests(rejected=strangers)
    failed = signatures({"acme": ALL_REJECTED})
    held = signatures({"acme": unsigned}, failed, LATER)
    assert (failed.severity, held.status, held.severity) == ("page", "fail", "page")
    assert signatures({}, held, LATER).severity == "page"
    back = replace(unsigned, accepted=Stretches(9, 1, 0))
    assert signatures({"acme": back}, held, LATER).severity == "ticket"
    assert signatures({"acme": unsigned}).severity == "ticket"


def test_what_was_never_well_is_not_missed() -> None:
    strangers = replace(ALL_REJECTED, is_known=False)
    assert signatures({}, signatures({"x": strangers}), LATER).status == "ok"
    assert signatures({}, signatures({"acme": ACCEPTED}), LATER).status == "ok"


def test_a_silence_is_wondered_at_for_a_month() -> None:
    held = signatures({}, signatures({"acme": ALL_REJECTED}), LATER)
    assert signatures({}, held, LATER + FORGOTTEN_AFTER).status == "unknown"
    later = LATER + FORGOTTEN_AFTER + timedelta(minutes=1)
    assert signatures({}, held, later).status == "ok"


def test_a_sink_that_nothing_reached_since_is_unknown() -> None:
    failed = delivery(NONE_ARRIVED)
    assert failed.status == "fail"
    held = delivery(None, failed)
    assert (held.status, held.tenants) == ("unknown", ("acme",))
    assert held.reason.startswith("nothing reached product in 24 h, so it is not known whether")
    assert delivery(None, held).reason == held.reason
    assert delivery(SOME_ARRIVED, held).status == "fail"
    arrived = Handed(Stretches(1, 0, 1))
    assert delivery(arrived, held).status == "ok"


def test_a_sink_that_is_not_declared_any_more_is_let_go() -> None:
    held = delivery(None, delivery(NONE_ARRIVED))
    without = replace(FACTS, rules=replace(RULES, sinks={}))
    assert delivery(None, held, without).status == "ok"


def test_what_cannot_be_judged_for_a_while_is_not_forgotten() -> None:
    failed = delivery(NONE_ARRIVED)
    blind = verdict("delivery", CRM, Judged("unknown", "no answer", "ticket"), NOW)
    kept = remember(blind, failed)
    assert kept.reason == f"no answer; before: {failed.reason}"
    assert kept.parts == tuple(Part(part.tenant, "unknown", part.reason) for part in failed.parts)
    assert delivery(None, kept).status == "unknown"
    assert remember(blind, None) == blind
    assert remember(blind, delivery(None)) == blind
