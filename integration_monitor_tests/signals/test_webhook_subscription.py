"""What the partner says of a subscription, beside what came."""

from __future__ import annotations

from dataclasses import replace

from integration_monitor.manifest.webhooks import Subscription
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Part, Status, Verdict
from integration_monitor.signals.webhook_subscription import Said, with_subscriptions
from integration_monitor.signals.webhooks import verdict
from integration_monitor_tests.webhook_rows import CRM, NOW, RULES, ago

ASKED = replace(CRM, webhooks=replace(RULES, subscription=Subscription("GET", "/hooks", "on")))
ON, OFF = Said(ago(1200), True), Said(ago(1200), False)
AWAY = Said(ago(1200), None, "GET /hooks for acme: 500")


def told(said: dict[str, Said], status: Status = "ok") -> Verdict:
    found = verdict("volume", CRM, Judged(status, "the last event came 2 min ago"), NOW)
    return with_subscriptions(found, said, ASKED, NOW)


def test_one_that_is_disabled_fails_before_silence_does() -> None:
    found = told({"-": OFF})
    assert (found.status, found.severity, found.tenants) == ("fail", "page", ())
    assert found.reason == (
        "the partner says that the subscription is disabled (asked 14:00 UTC):"
        " the last event came 2 min ago"
    )
    assert found.evidence["subscriptions_disabled"] == 1


def test_it_is_told_of_whom() -> None:
    found = told({"acme": OFF, "globex": ON})
    assert (found.status, found.severity, found.tenants) == ("fail", "ticket", ("acme",))
    reason = "the partner says that the subscription is disabled"
    assert found.parts == (Part("acme", "fail", reason),)


def test_what_cannot_be_asked_is_said() -> None:
    found = told({"acme": AWAY, "globex": ON})
    assert found.status == "ok"
    assert found.reason.endswith(
        "the partner could not be asked about 1 subscription (acme): GET /hooks for acme: 500"
    )
    assert told({}).reason.endswith("whether the subscription is enabled was not asked yet")


def test_a_flat_line_says_it_itself() -> None:
    found = told({"-": OFF}, "fail")
    assert found.reason == "the last event came 2 min ago"
    assert found.evidence["subscriptions_disabled"] == 1


def test_where_nothing_is_declared_nothing_is_said() -> None:
    found = verdict("volume", CRM, Judged("ok", "fine"), NOW)
    assert with_subscriptions(found, {"-": OFF}, CRM, NOW) is found
