from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from integration_monitor.alerts.deliver import DeliverySummary, deliver, pause
from integration_monitor.manifest.domain import Monitor
from integration_monitor.store import outbox
from integration_monitor.store.engine import Store, StoreError, open_store
from integration_monitor.store.outbox import Queued
from integration_monitor_tests.alerts.examples import CRM, ONCALL, fleet, monitor, see, webhook
from integration_monitor_tests.alerts.receiver import Receiver
from integration_monitor_tests.incidents.examples import at, verdict

FAIL = verdict("fail", tenants=["acme"], reason="3 of 214 records are missing")
OK = verdict("ok")
BOTH = monitor({"page": ("broken", "healthy")}, webhook("broken"), webhook("healthy"))


def send(
    store: Store, inbox: Receiver, minutes: float, of: Monitor = ONCALL, limit_s: float = 20
) -> DeliverySummary:
    environ = {
        "ONCALL_URL": f"{inbox.url}/oncall",
        "HEALTHY_URL": f"{inbox.url}/healthy",
        "BROKEN_URL": f"{inbox.url}/hang",
    }
    limit = timedelta(seconds=limit_s)
    return deliver(store, of, environ, clock=lambda: at(minutes), limit=limit)


def undelivered(store: Store) -> list[Queued]:
    with store.begin() as connection:
        return list(outbox.undelivered(connection))


def test_what_is_due_is_sent_once(store: Store, inbox: Receiver) -> None:
    see(store, fleet(), 0, FAIL)
    assert str(send(store, inbox, 0)) == "1 alert sent"
    assert str(send(store, inbox, 1)) == "0 alerts sent"
    (received,) = inbox.received
    assert received.path == "/oncall"
    assert received.body["summary"] == "3 of 214 records are missing"
    assert received.headers["Idempotency-Key"].startswith(received.body["incident"]["key"])
    assert undelivered(store) == []


def test_opening_and_recovery_arrive_in_order_with_keys_of_their_own(
    store: Store, inbox: Receiver
) -> None:
    see(store, fleet(), 0, FAIL)
    see(store, fleet(), 1, OK)
    see(store, fleet(), 11, OK)
    assert str(send(store, inbox, 11)) == "2 alerts sent"
    assert inbox.reasons == ["opened", "resolved"]
    assert len({each.headers["Idempotency-Key"] for each in inbox.received}) == 2
    assert len({each.body["incident"]["key"] for each in inbox.received}) == 1


def test_a_failed_alert_is_repeated_later_under_the_same_key(store: Store, inbox: Receiver) -> None:
    see(store, fleet(), 0, FAIL)
    inbox.answers = [500]
    assert str(send(store, inbox, 0)) == "0 alerts sent, 1 failed"
    (waiting,) = undelivered(store)
    assert (waiting.attempts, waiting.error) == (1, "channel oncall: answered HTTP 500")
    assert waiting.next_attempt_at == at(0) + timedelta(seconds=5)
    assert str(send(store, inbox, 0)) == "0 alerts sent"
    assert str(send(store, inbox, 1)) == "1 alert sent"
    first, second = inbox.received
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_the_recovery_waits_for_the_opening(store: Store, inbox: Receiver) -> None:
    see(store, fleet(), 0, FAIL)
    inbox.answers = [503, 503]
    send(store, inbox, 0)
    see(store, fleet(), 1, OK)
    see(store, fleet(), 11, OK)
    assert str(send(store, inbox, 11)) == "0 alerts sent, 1 failed"
    assert str(send(store, inbox, 12)) == "2 alerts sent"
    assert inbox.reasons == ["opened", "opened", "opened", "resolved"]


def test_another_incident_does_not_wait_for_one_that_fails(store: Store, inbox: Receiver) -> None:
    manifest = verdict("fail", signal="manifest", subject="-", reason="unknown key")
    inbox.answers = [500]
    see(store, fleet(), 0, FAIL, manifest)
    assert str(send(store, inbox, 0)) == "1 alert sent, 1 failed"


def test_a_hanging_channel_holds_up_nobody_and_loses_nothing(store: Store, inbox: Receiver) -> None:
    see(store, fleet(BOTH), 0, FAIL)
    said = send(store, inbox, 0, BOTH, limit_s=3)
    assert str(said) == "1 alert sent, still sending: broken"
    assert [each.path for each in inbox.received] == ["/healthy"]
    # While it hangs its alert is leased, so that nobody sends it a second time.
    assert str(send(store, inbox, 0, BOTH)) == "0 alerts sent"
    inbox.let_go.set()
    for thread in threading.enumerate():
        if thread.name == "deliver-broken":
            thread.join(5)
    assert sorted(each.path for each in inbox.received) == ["/hang", "/healthy"]
    assert undelivered(store) == []


def test_a_failing_channel_does_not_take_another_one_along(store: Store, inbox: Receiver) -> None:
    see(store, fleet(BOTH), 0, FAIL)
    environ = {"HEALTHY_URL": inbox.url, "BROKEN_URL": "http://127.0.0.1:1/"}
    said = deliver(store, BOTH, environ, clock=lambda: at(0))
    assert str(said) == "1 alert sent, 1 failed"
    (waiting,) = undelivered(store)
    assert waiting.error == "channel broken: could not connect"


def test_two_deliverers_at_once_send_everything_once(store: Store, inbox: Receiver) -> None:
    names = [f"crm{number}" for number in range(10)]
    many = fleet(ONCALL, *(replace(CRM, name=name) for name in names))
    see(store, many, 0, *(replace(FAIL, integration=name) for name in names))
    deliverers = [threading.Thread(target=send, args=(store, inbox, 0)) for _ in range(2)]
    for deliverer in deliverers:
        deliverer.start()
    for deliverer in deliverers:
        deliverer.join()
    assert sorted(each.body["integration"] for each in inbox.received) == sorted(names)
    assert undelivered(store) == []


def test_a_channel_that_is_not_configured_fails_clearly(store: Store, inbox: Receiver) -> None:
    see(store, fleet(), 0, FAIL)
    assert str(send(store, inbox, 0, Monitor())) == "0 alerts sent, 1 failed"
    assert undelivered(store)[0].error == "channel oncall is not in monitor.yaml"
    assert str(deliver(store, ONCALL, {}, clock=lambda: at(1))) == "0 alerts sent, 1 failed"
    said = "channel oncall: environment variable ONCALL_URL is not set"
    assert undelivered(store)[0].error == said
    assert str(send(store, inbox, 2)) == "1 alert sent"


def test_a_store_that_is_away_is_said() -> None:
    away = open_store("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreError):
        deliver(away, ONCALL, {}, clock=lambda: at(0))
    away.dispose()


def test_a_store_that_goes_away_while_sending_is_said_and_the_alert_is_sent_again(
    store: Store, inbox: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreError("the store does not answer")

    see(store, fleet(), 0, FAIL)
    monkeypatch.setattr(outbox, "mark_sent", away)
    with pytest.raises(StoreError):
        send(store, inbox, 0)
    monkeypatch.undo()
    assert str(send(store, inbox, 0.9)) == "0 alerts sent"
    assert str(send(store, inbox, 1)) == "1 alert sent"
    assert len({each.headers["Idempotency-Key"] for each in inbox.received}) == 1


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 5), (2, 10), (3, 20), (7, 320), (8, 600), (5000, 600)]
)
def test_pauses_grow_up_to_a_limit(attempts: int, seconds: int) -> None:
    assert pause(attempts) == timedelta(seconds=seconds)
