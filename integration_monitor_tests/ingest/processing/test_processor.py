"""Events on their way from the store to a product over real HTTP."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from integration_monitor.ingest.event_reading import EventReader, ReadEvent
from integration_monitor.ingest.processing.mapping import Mapper, Understood, Within
from integration_monitor.ingest.processing.queueing import Queued
from integration_monitor.manifest.webhooks import HttpSink, Webhooks
from integration_monitor.store import webhook_listing, webhook_replay
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_queue import StoredEvent
from integration_monitor.store.webhook_tables import webhook_events
from integration_monitor.store.webhook_tallies import add_up
from integration_monitor_tests.ingest.processing.conftest import Work
from integration_monitor_tests.ingest.processing.examples import (
    ENVIRON,
    NOW,
    SECRET,
    WEBHOOKS,
    Clock,
    crm,
    deliveries,
    event,
    http,
    receive,
    states,
    stored,
)
from integration_monitor_tests.ingest.processing.product import Answer, Product, product
from integration_monitor_tests.ingest.receiver.webhook_examples import rows

NOWHERE = "http://127.0.0.1:1/events"


def test_an_event_gets_to_the_product_as_a_unified_one(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    (number,) = receive(store, event())
    work(crm(product=http(shop.url))).once()
    (posted,) = shop.posted
    assert posted.event == {
        "id": posted.headers["webhook-id"],
        "type": "crm.contact.updated",
        "kind": "crm.contact",
        "integration": "crm",
        "tenant": "acme",
        "object_id": "c1",
        "occurred_at": "2026-03-02T09:29:00.001000Z",
        "received_at": "2026-03-02T09:30:00Z",
        "sequence": number,
        "superseded": False,
        "conflicting": False,
        "data": {"plan": "pro", "email": "1@example.com"},
        "raw": {
            "id": "e1",
            "type": "contact.changed",
            "connection": "-",
            "sha256": stored(store)[0].digest.hex(),
        },
    }
    assert states(store) == ["processed"]
    assert [(one.state, one.attempts) for one in deliveries(store)] == [("delivered", 1)]


def test_the_product_verifies_it_with_the_library_of_standard_webhooks(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    receive(store, event())
    clock.now = datetime.now(UTC)
    work(crm(product=http(shop.url))).once()
    (posted,) = shop.posted
    verified = Webhook(SECRET).verify(posted.body, posted.headers)
    assert verified["raw"]["id"] == "e1"


def test_types_that_the_manifest_does_not_name_are_kept_and_not_handed_on(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    receive(store, event(1, type="contact.merged"), event(2))
    worker = work(crm(product=http(shop.url)))
    worker.once()
    assert shop.taken == ["e2"]
    assert states(store) == ["processed", "processed"]
    assert [one.unified_type for one in stored(store)] == [None, "crm.contact.updated"]
    assert worker.taken().queued["crm"].unnamed == 1


def test_what_cannot_be_understood_is_dead_at_once_and_alone(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    receive(store, b"{cut o", event(2, type=None), event(3))
    work(crm(product=http(shop.url))).once()
    assert shop.taken == ["e3"]
    assert [(one.state, one.error) for one in stored(store)] == [
        ("dead", "the body is not JSON"),
        ("dead", "it names no event type"),
        ("processed", None),
    ]


def test_what_a_list_did_not_hold_is_dead_for_the_reason_that_was_found_when_it_came(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    lists = replace(WEBHOOKS, each="events")
    receive(store, event(1))  # all of a request, though it looks like an event
    receive(store, b'"e2"', entry=2)
    receive(store, b'[{"id": "e3"}]', entry=3)
    receive(store, event(4), entry=4)
    receive(store, {"events": []})
    work(crm(lists, product=http(shop.url))).once()
    assert shop.taken == ["e4"]
    assert [one.error for one in stored(store)] == [
        "no list of events at `events`",
        "entry 2 of the list is not an object",
        "entry 3 of the list is not an object",
        None,
        "the list of events within its body is empty",
    ]
    assert states(store) == ["dead", "dead", "dead", "processed", "dead"]


LIST = {"events": [event(1), "e2", event(3)]}


@pytest.mark.parametrize(("each", "body"), [("events", LIST), ("$", LIST["events"])])
def test_a_list_that_was_kept_whole_is_taken_apart_once_the_manifest_knows_of_it(
    store: Store, shop: Product, work: Work, each: str, body: object
) -> None:
    receive(store, json.dumps(body).encode(), at=NOW - timedelta(days=1))
    work(crm(product=http(shop.url))).once()
    assert states(store) == ["dead"]
    lists = crm(replace(WEBHOOKS, each=each), product=http(shop.url))
    for _ in range(2):  # twice is the same as once
        replay(store, since=NOW - timedelta(days=2))
        worker = work(lists)
        worker.once()
        whole, first, broken, last = stored(store)
        assert (whole.state, whole.error) == ("processed", "replaced by 3 events within its body")
        assert (broken.state, broken.error) == ("dead", "entry 2 of the list is not an object")
        assert [(one.state, one.event_id) for one in (first, last)] == [
            ("processed", "e1"),
            ("processed", "e3"),
        ]
        assert worker.taken().queued["crm"] == Queued(4, dead=1)
        assert None not in {one.replayed_at for one in (first, broken, last)}  # that is no delay
    assert shop.taken == ["e1", "e3"] * 2
    assert [one.entry for one in (whole, first, broken, last)] == [None, 1, 2, 3]
    assert {(one.received_at, one.connection, one.request_id) for one in stored(store)} == {
        (whole.received_at, "-", whole.request_id)
    }
    assert first.headers == whole.headers
    (request,) = rows(store, "webhook_requests")
    assert (request["id"], request["body"]) == (whole.request_id, whole.body)
    with store.begin() as connection:
        add_up(connection)
        (numbers,) = webhook_listing.numbers(connection).values()
    assert (numbers.received, numbers.duplicates) == (3, 0)  # of the whole no receiver told
    assert (numbers.processed, numbers.not_handed_on, numbers.dead) == (3, 0, 1)


def test_of_a_list_that_came_again_meanwhile_nothing_is_handed_on_twice(
    store: Store, shop: Product, work: Work
) -> None:
    lists = replace(WEBHOOKS, each="events")
    receive(store, LIST)
    (number,) = receive(store, event(3), entry=3)
    digest = EventReader.of(lists).read({}, json.dumps(LIST).encode(), "-")[2].digest
    set_digest(store, number, digest)
    work(crm(lists, product=http(shop.url))).once()
    assert sorted(shop.taken) == ["e1", "e3"]
    assert [one.event_id for one in stored(store)].count("e3") == 1


def test_no_sink_waits_for_what_was_taken_apart(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    batch = LIST | event(9)
    receive(store, batch)
    shop.answer = lambda event: 503
    work(crm(product=http(shop.url), other=http(NOWHERE, retry_for=timedelta(0)))).once()
    assert sorted(one.state for one in deliveries(store)) == ["dead", "waiting"]
    replay(store, dead=True)
    shop.answer = lambda event: 204
    clock.on(hours=1)
    work(crm(replace(WEBHOOKS, each="events"), product=http(shop.url))).once()
    assert shop.taken == ["e1", "e3"]
    assert states(store) == ["processed", "processed", "dead", "processed"]


def test_an_only_event_that_is_its_whole_request_is_no_list(
    store: Store, shop: Product, work: Work
) -> None:
    (number,) = receive(store, event(1))
    body = json.dumps(event(1)).encode()
    set_digest(store, number, EventReader.of(WEBHOOKS).read({}, body, "-")[0].digest)
    work(crm(product=http(shop.url))).once()
    replay(store, event_id="e1")
    work(crm(replace(WEBHOOKS, each="@"), product=http(shop.url))).once()
    assert shop.taken == ["e1", "e1"]
    assert states(store) == ["processed"]


NO_ID = event(1, id=None, uuid="n1")
BY_UUID = replace(WEBHOOKS, event_id=("uuid",))


def test_an_event_gets_the_id_that_the_manifest_did_not_know_of(
    store: Store, shop: Product, work: Work
) -> None:
    receive_without_id(store, NO_ID)
    work(crm(product=http(shop.url))).once()
    assert [one.error for one in stored(store)] == ["no event id at `id`"]
    for which in ({"dead": True}, {"event_id": "n1"}):
        replay(store, **which)
        work(crm(BY_UUID, product=http(shop.url))).once()
    assert shop.taken == ["n1", "n1"]
    (row,) = stored(store)
    assert (row.event_id, row.state, row.conflicting) == ("n1", "processed", False)
    assert row.digest == read_by(BY_UUID, NO_ID).digest


def test_a_repeat_that_came_with_an_id_meanwhile_is_handed_on_once(
    store: Store, shop: Product, work: Work
) -> None:
    receive_without_id(store, NO_ID)
    (again,) = receive(store, NO_ID | {"id": "n1"})
    set_digest(store, again, read_by(BY_UUID, NO_ID).digest)
    worker = work(crm(BY_UUID, product=http(shop.url)))
    for _ in range(2):
        worker.once()
        first, second = stored(store)
        assert (first.state, first.error) == (
            "processed",
            "the same event is there already, as n1",
        )
        assert first.event_id.startswith("sha256:")
        assert (second.event_id, second.state) == ("n1", "processed")
        assert worker.taken().queued["crm"].unnamed == 0
        replay(store, event_id=first.event_id)
    assert shop.taken == ["n1"]


def test_an_id_that_came_with_another_body_meanwhile_is_flagged(
    store: Store, shop: Product, work: Work
) -> None:
    receive(store, event(2, id="n1", uuid="n1"))
    worker = work(crm(BY_UUID, product=http(shop.url)))
    worker.once()
    receive_without_id(store, NO_ID)
    worker.once()
    assert [one.event["conflicting"] for one in shop.posted] == [False, True]
    assert [one.event_id for one in stored(store)] == ["n1", "n1"]


def test_what_was_handed_on_by_its_content_keeps_its_id(
    store: Store, shop: Product, work: Work
) -> None:
    receive_without_id(store, NO_ID)
    work(crm(replace(WEBHOOKS, event_id=()), product=http(shop.url))).once()
    replay(store, since=NOW - timedelta(days=1))
    work(crm(BY_UUID, product=http(shop.url))).once()
    first, second = (one.event for one in shop.posted)
    assert first["id"] == second["id"]
    assert first["raw"]["id"] == second["raw"]["id"] == stored(store)[0].event_id


def receive_without_id(store: Store, said: dict[str, Any]) -> None:
    """As the receiver does while the manifest knows of no id."""
    (number,) = receive(store, said | {"id": "unknown"})
    found = read_by(WEBHOOKS, said)
    with store.begin() as connection:
        connection.execute(
            webhook_events.update()
            .where(webhook_events.c.id == number)
            .values(event_id=found.event_id, digest=found.digest, body=found.body)
        )


def read_by(webhooks: Webhooks, said: dict[str, Any]) -> ReadEvent:
    (found,) = EventReader.of(webhooks).read({}, json.dumps(said).encode(), "-")
    return found


def set_digest(store: Store, number: int, digest: bytes) -> None:
    """As the receiver would have it."""
    with store.begin() as connection:
        connection.execute(
            webhook_events.update().where(webhook_events.c.id == number).values(digest=digest)
        )


def replay(store: Store, **which: Any) -> None:
    with store.begin() as connection:
        webhook_replay.replay(connection, NOW, **which)


def test_a_mistake_of_ours_about_one_event_stays_its_own(
    store: Store, shop: Product, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Mapper.read

    def mistaken(mapper: Mapper, event: StoredEvent) -> Understood | Within:
        if event.event_id == "e1":
            raise ZeroDivisionError
        return read(mapper, event)

    monkeypatch.setattr(Mapper, "read", mistaken)
    receive(store, event(1), event(2))
    work(crm(product=http(shop.url))).once()
    assert shop.taken == ["e2"]
    assert stored(store)[0].error == "our own mistake: ZeroDivisionError"


def test_a_poison_event_fails_alone_and_is_dead_in_the_end(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    def answer(event: dict[str, Any]) -> Answer:
        return 422 if event["raw"]["id"] == "e2" else 204

    shop.answer = answer
    receive(store, *(event(n, contact=f"c{n}") for n in range(1, 6)))
    worker = work(crm(product=http(shop.url)))
    for _ in range(12):
        worker.once()
        clock.on(seconds=4)
    assert Counter(shop.tried) == {"e1": 1, "e2": 5, "e3": 1, "e4": 1, "e5": 1}
    assert states(store) == ["processed", "dead", "processed", "processed", "processed"]
    assert stored(store)[1].error == "product: answered HTTP 422"


def test_what_comes_later_of_one_object_waits_for_what_came_before(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    once = iter([503])
    shop.answer = lambda event: next(once, 204) if event["raw"]["id"] == "e1" else 204
    receive(store, event(1), event(2), event(3, contact="c2"))
    worker = work(crm(product=http(shop.url)))
    worker.once()
    assert shop.taken == ["e3"]
    clock.on(seconds=2)
    worker.once()
    assert shop.taken == ["e3", "e1", "e2"]


def test_a_sink_that_is_down_for_an_hour_loses_nothing_and_holds_up_nobody(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    back = NOW + timedelta(hours=1)
    shop.answer = lambda event: 503 if clock.now < back else 204
    with product() as other:
        both = crm(product=http(shop.url), other=http(other.url))
        worker = work(both, crm(name="erp", other=http(other.url)))
        for step in range(24):  # of three minutes
            said = [event(10 * step + n, contact=f"c{n}") for n in range(2)]
            receive(store, *said, at=clock.now)
            receive(store, event(step), integration="erp", at=clock.now)
            worker.once()
            # Nobody else waits for it.
            assert len(other.posted) == 3 * (step + 1)
            if clock.now < back:
                tried_while_down = len(shop.posted)
            clock.on(minutes=3)
    expected = [f"e{10 * step + n}" for step in range(24) for n in range(2)]
    assert 4 <= tried_while_down <= 30
    assert Counter(shop.taken) == Counter(expected)
    for contact in (0, 1):
        assert [e for e in shop.taken if int(e[1:]) % 10 == contact] == expected[contact::2]
    assert set(states(store)) == {"processed"}


def test_a_sink_that_is_down_is_not_asked_again_and_again(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    shop.answer = lambda event: 500
    receive(store, *(event(n, contact=f"c{n}") for n in range(100)))
    worker = work(crm(product=http(shop.url)))
    for _ in range(5):
        worker.once()
    assert len(shop.posted) == 16
    assert worker.taken().trouble == {("crm", "product"): "answered HTTP 500"}


def test_it_waits_as_long_as_it_is_asked_to(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    again = NOW + timedelta(seconds=300)
    shop.answer = lambda event: 204 if clock.now >= again else (429, {"Retry-After": "300"})
    receive(store, event(1), event(2, contact="c2"))
    worker = work(crm(product=http(shop.url)))
    for seconds in (0, 100, 199):
        clock.on(seconds=seconds)
        worker.once()
    assert len(shop.posted) == 2
    clock.on(seconds=1)
    worker.once()
    assert sorted(shop.taken) == ["e1", "e2"]


def test_what_could_not_be_delivered_for_long_is_dead_tried_or_not(
    store: Store, clock: Clock, work: Work
) -> None:
    sink = http(NOWHERE, retry_for=timedelta(hours=2))
    receive(store, *(event(n, contact=f"c{n}") for n in range(30)))
    worker = work(crm(product=sink))
    for _ in range(5):
        worker.once()
        clock.on(minutes=40)
    assert set(states(store)) == {"dead"}
    assert {one.error for one in deliveries(store)} == {"could not connect"}


def test_events_that_a_sink_breaks_on_do_not_keep_it_from_being_tried(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    poison = {f"e{n}" for n in range(3)}
    shop.answer = lambda event: 500 if event["raw"]["id"] in poison else 204
    receive(store, *(event(n, contact=f"c{n}") for n in range(3)))
    worker = work(crm(product=http(shop.url)))
    for _ in range(10):
        worker.once()
        clock.on(seconds=30)
    assert shop.taken == []
    receive(store, event(7, contact="c7"), at=clock.now)
    clock.on(seconds=60)
    worker.once()
    assert shop.taken == ["e7"]


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        (410, "dead", "answered HTTP 410"),
        (400, "waiting", "answered HTTP 400"),
        (404, "waiting", "answered HTTP 404"),
        ((302, {"Location": "/elsewhere"}), "waiting", "answered HTTP 302"),
        (500, "waiting", "answered HTTP 500"),
    ],
)
def test_what_an_answer_means(
    store: Store, shop: Product, clock: Clock, work: Work, answer: Answer, state: str, said: str
) -> None:
    shop.answer = lambda event: answer
    receive(store, event())
    work(crm(product=http(shop.url))).once()
    (delivery,) = deliveries(store)
    assert (delivery.state, delivery.error) == (state, said)


@pytest.mark.parametrize(
    ("sink", "environ", "said"),
    [
        (http(NOWHERE), {}, "environment variable PRODUCT_SECRET is not set"),
        (http(NOWHERE), {"PRODUCT_SECRET": "whsec_"}, "is not one of Standard Webhooks"),
        (HttpSink("nonsense:hidden@"), {}, "the address is not valid"),
    ],
)
def test_a_sink_that_is_not_set_up_loses_nothing(
    store: Store, clock: Clock, work: Work, sink: HttpSink, environ: dict[str, str], said: str
) -> None:
    receive(store, *(event(n, contact=f"c{n}") for n in range(3)))
    worker = work(crm(product=sink), environ=environ)
    worker.once()
    (why,) = worker.taken().trouble.values()
    assert said in why
    assert "hidden" not in why
    assert set(states(store)) == {"received"}
    # Also of those that nothing was tried with, for who looks at one of them.
    for one in deliveries(store):
        assert one.error == (why if one.attempts else f"not tried: {why}")


def test_what_still_waits_for_a_sink_that_is_back_no_longer_waits_for_its_set_up(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    shop.answer = lambda event: 422 if event["raw"]["id"] == "e1" else 204
    receive(store, event(1), event(2))  # of one object
    environ: dict[str, str] = {}
    worker = work(crm(product=http(shop.url)), environ=environ)
    worker.once()
    said = "not tried: environment variable PRODUCT_SECRET is not set"
    assert [one.error for one in deliveries(store)] == [said, said]
    environ.update(ENVIRON)
    clock.on(minutes=1)
    worker.once()
    assert [one.error for one in deliveries(store)] == ["answered HTTP 422", None]


def test_a_sink_that_was_taken_out_of_the_manifest_holds_up_no_event(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    receive(store, event())
    work(crm(old=http(NOWHERE), product=http(shop.url))).once()
    assert states(store) == ["received"]
    work(crm(product=http(shop.url))).once()
    assert states(store) == ["dead"]
    assert stored(store)[0].error == "old: the manifest has no such sink any more"


def test_what_is_replayed_for_a_sink_that_is_gone_does_not_wait_for_ever(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    receive(store, event())
    work(crm(old=http(NOWHERE), product=http(shop.url))).once()
    worker = work(crm(product=http(shop.url)))
    worker.once()
    with store.begin() as connection:
        assert webhook_replay.replay(connection, clock.now, dead=True) == 1
    worker.once()
    assert (states(store), shop.taken) == (["processed"], ["e1"])


def test_a_late_event_says_that_a_newer_one_is_known(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    receive(store, event(5), event(3), event(7))
    work(crm(product=http(shop.url))).once()
    told = {one.event["raw"]["id"]: one.event["superseded"] for one in shop.posted}
    assert told == {"e5": True, "e3": True, "e7": False}


def test_a_late_event_is_told_also_where_the_newer_one_was_handed_on_before(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    worker = work(crm(product=http(shop.url)))
    for number in (5, 3, 7):
        receive(store, event(number))
        worker.once()
    assert [one.event["superseded"] for one in shop.posted] == [False, True, False]


def test_an_event_with_the_id_of_another_is_handed_on_and_says_so(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    receive(store, event(1))
    receive(store, event(1, fields={"email": "other@example.com"}), conflicting=True)
    work(crm(product=http(shop.url))).once()
    first, second = (one.event for one in shop.posted)
    assert (first["conflicting"], second["conflicting"]) == (False, True)
    assert first["id"] != second["id"]
    assert first["raw"]["id"] == second["raw"]["id"] == "e1"


def test_events_are_read_by_the_manifest_as_it_is_now(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    receive(store, {"id": "e1", "kind": "contact.changed", "account": "acme", "who": "c9"})
    changed = replace(WEBHOOKS, type="kind", object="who", ordered_by="who")
    work(crm(changed, product=http(shop.url))).once()
    (posted,) = shop.posted
    assert posted.event["object_id"] == "c9"
    assert posted.event["occurred_at"] is None
    (row,) = stored(store)
    assert (row.type, row.order_key) == ("contact.changed", "c9")


def test_without_fields_all_of_the_event_is_handed_on(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    receive(store, event(1, type="contact.deleted"))
    work(crm(replace(WEBHOOKS, data={}), product=http(shop.url))).once()
    assert shop.posted[0].event["data"] == json.loads(stored(store)[0].body)


def test_a_signature_has_the_time_of_the_attempt(
    store: Store, shop: Product, clock: Clock, work: Work
) -> None:
    once = iter([503])
    shop.answer = lambda event: next(once, 204)
    receive(store, event())
    worker = work(crm(product=http(shop.url)))
    worker.once()
    clock.on(minutes=30)
    worker.once()
    first, second = shop.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    at = datetime.fromtimestamp(int(second.headers["webhook-timestamp"]), UTC)
    assert at == NOW + timedelta(minutes=30)
    signed = Webhook(SECRET).sign(second.headers["webhook-id"], at, second.body.decode())
    assert second.headers["webhook-signature"] == signed
