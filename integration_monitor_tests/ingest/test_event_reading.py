import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.ingest.event_body import FORM, UnreadableBody, canonical, read_document
from integration_monitor.ingest.event_reading import (
    MOST_EVENTS,
    EventReader,
    ReadEvent,
    TooManyEvents,
)
from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.store.storable import storable

HUBSPOT = Webhooks(
    "hubspot_v3",
    (),
    each="$",
    event_id=("eventId", "subscriptionId", "objectId"),
    may_differ=("attemptNumber",),
    type="subscriptionType",
    occurred_at="occurredAt",
    time="epoch_ms",
    tenant="portalId",
    object="objectId",
    ordered_by="objectId",
)
STRIPE = Webhooks(
    "stripe",
    (),
    event_id=("id",),
    occurred_at="created",
    time="epoch_s",
    tenant="account",
    object="data.object.id",
)
CHANGE = {
    "eventId": 1,
    "subscriptionId": 2,
    "objectId": 3,
    "portalId": 62515,
    "occurredAt": 1762075800123,
    "subscriptionType": "contact.propertyChange",
    "attemptNumber": 0,
}
FORM_HEADERS = {"content-type": f"{FORM}; charset=utf-8"}


def read(
    webhooks: Webhooks, document: object, headers: dict[str, str] | None = None
) -> tuple[ReadEvent, ...]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return EventReader.of(webhooks).read(headers or {}, body, "acme")


def read_one(
    webhooks: Webhooks, document: object, headers: dict[str, str] | None = None
) -> ReadEvent:
    (event,) = read(webhooks, document, headers)
    return event


def test_each_entry_of_a_list_is_an_event() -> None:
    first, second = read(HUBSPOT, [CHANGE, CHANGE | {"eventId": 9}])
    assert first.event_id == "1:2:3"
    assert second.event_id == "9:2:3"
    assert first.type == "contact.propertyChange"
    assert first.tenant == "62515"
    assert first.object_id == first.order_key == "3"
    assert first.occurred_at == datetime(2025, 11, 2, 9, 30, 0, 123000, tzinfo=UTC)
    assert json.loads(second.body) == CHANGE | {"eventId": 9}
    assert first.unreadable is None


def test_a_request_that_is_one_event_keeps_its_bytes() -> None:
    body = b'{ "id": "evt_1", "type": "charge.succeeded", "data": {"object": {"id": "ch_1"}} }'
    event = read_one(STRIPE, body)
    assert event.body == body
    assert (event.event_id, event.type, event.object_id) == ("evt_1", "charge.succeeded", "ch_1")
    assert event.tenant == "acme"  # the connection's: the event names none
    assert event.occurred_at is None


def test_a_list_may_lie_deeper_and_its_only_event_alone() -> None:
    webhooks = Webhooks("svix", (), each="batch.events", event_id=("id",))
    assert [e.event_id for e in read(webhooks, {"batch": {"events": [{"id": 1}, {"id": 2}]}})] == [
        "1",
        "2",
    ]
    assert read_one(webhooks, {"batch": {"events": {"id": 7}}}).event_id == "7"
    assert read_one(HUBSPOT, CHANGE).event_id == "1:2:3"
    assert read(HUBSPOT, []) == ()


def test_headers_may_tell_what_the_body_does_not() -> None:
    webhooks = Webhooks(
        "github", (), event_id=("header:X-GitHub-Delivery",), type="header:X-GitHub-Event"
    )
    headers = {"x-github-delivery": "72D3162E-CC78", "x-github-event": "issues"}
    event = read_one(webhooks, {"action": "opened"}, headers)
    assert (event.event_id, event.type) == ("72D3162E-CC78", "issues")


@pytest.mark.parametrize("name", ["type", "eventType", "subscriptionType", "event", "topic"])
def test_the_type_is_found_where_partners_usually_tell_it(name: str) -> None:
    assert read_one(STRIPE, {"id": 1, name: "order.paid"}).type == "order.paid"
    assert read_one(STRIPE, {"id": 1, name: {"a": 1}}).type is None


@pytest.mark.parametrize(
    "written",
    [1762075800, 1762075800123, "1762075800", "1762075800123", 1762075800.5, "20251102T093000Z"],
)
def test_the_size_of_a_time_tells_its_unit(written: object) -> None:
    webhooks = Webhooks("svix", (), occurred_at="at")
    found = read_one(webhooks, {"at": written}).occurred_at
    assert found is not None
    assert found.replace(microsecond=0) == datetime(2025, 11, 2, 9, 30, tzinfo=UTC)


def test_a_time_of_few_digits_may_be_a_date() -> None:
    webhooks = Webhooks("svix", (), occurred_at="at")
    found = read_one(webhooks, {"at": "20251102"}).occurred_at
    assert found == datetime(2025, 11, 2, tzinfo=UTC)


def test_parts_of_an_id_cannot_be_taken_for_others() -> None:
    webhooks = Webhooks("svix", (), event_id=("a", "b", "c"))
    parts = ["x", "x:y", "y", ":", "\\", "\\:", None]
    documents = [{"a": a, "b": b, "c": c} for a in parts for b in parts for c in parts]
    ids = {read_one(webhooks, one).event_id for one in documents}
    assert len(ids) == len(documents)


def test_the_digest_knows_no_order_and_not_what_may_differ() -> None:
    first = read_one(HUBSPOT, CHANGE)
    repeat = read_one(HUBSPOT, dict(reversed(CHANGE.items())) | {"attemptNumber": 4})
    other = read_one(HUBSPOT, CHANGE | {"portalId": 1})
    assert first.digest == repeat.digest
    assert (first.event_id, first.digest == other.digest) == (other.event_id, False)


def test_large_numbers_stay_exact() -> None:
    ids = [read_one(STRIPE, {"id": 10**30 + n}) for n in (0, 1)]
    assert [event.event_id for event in ids] == [str(10**30), str(10**30 + 1)]
    assert ids[0].digest != ids[1].digest


def test_a_form_is_read_as_a_mapping() -> None:
    webhooks = Webhooks("twilio", (), event_id=("MessageSid",), type="MessageStatus")
    body = b"MessageSid=SM1&MessageStatus=delivered&To=%2B49&Media=a&Media=b&Empty="
    event = read_one(webhooks, body, FORM_HEADERS)
    assert (event.event_id, event.type, event.body) == ("SM1", "delivered", body)
    assert read_document(body, FORM_HEADERS["content-type"]) == {
        "MessageSid": "SM1",
        "MessageStatus": "delivered",
        "To": "+49",
        "Media": ["a", "b"],
        "Empty": "",
    }


def test_a_form_that_only_wraps_json_is_that_json() -> None:
    body = b"payload=%7B%22id%22%3A%20%22evt_1%22%7D"
    assert read_one(STRIPE, body, FORM_HEADERS).event_id == "evt_1"
    assert read_one(STRIPE, b'{"id": "evt_1"}', FORM_HEADERS).event_id == "evt_1"


@pytest.mark.parametrize(
    ("webhooks", "body", "reason"),
    [
        (STRIPE, b"", "the body is empty"),
        (STRIPE, b"<xml/>", "the body is not JSON"),
        (STRIPE, b'{"id": NaN}', "the body is not JSON"),
        (STRIPE, b'{"id": 1e999}', "the body is not JSON"),
        (STRIPE, b"\xff\xfe\xfd", "the body is not JSON"),
        (STRIPE, b"[" * 5000 + b"]" * 5000, "the body is nested too deeply"),
        (STRIPE, b'"evt_1"', "the body is not an object"),
        (STRIPE, b'[{"id": 1}]', 'the body is a list; with `each: "$"` its entries are the events'),
        (STRIPE, b'{"id": null}', "no event id at `id`"),
        (HUBSPOT, b"{}", "no event id at `eventId`, `subscriptionId`, `objectId`"),
        (HUBSPOT, b"7", "no list of events at `$`"),
    ],
)
def test_what_cannot_be_understood_is_kept_with_its_reason(
    webhooks: Webhooks, body: bytes, reason: str
) -> None:
    event = read_one(webhooks, body)
    assert event.unreadable == reason
    assert event.body == body
    assert event.event_id == f"sha256:{event.digest.hex()}"
    assert event.tenant == "acme"


def test_a_list_that_is_too_long_is_not_taken_and_not_taken_apart() -> None:
    body = b"[" + b"{}," * MOST_EVENTS + b"{}]"
    reader = EventReader.of(HUBSPOT)
    with pytest.raises(TooManyEvents):
        reader.read({}, body, "acme")
    (whole,) = reader.read_again({}, body, "acme", None)
    assert (whole.unreadable, whole.body, whole.entry) == (
        "a list of 10,001 events; 10,000 are taken",
        body,
        None,
    )


def test_an_id_in_a_header_tells_two_unreadable_bodies_apart() -> None:
    webhooks = Webhooks("svix", (), event_id=("header:svix-id",), type="header:x-topic")
    events = [
        read_one(webhooks, b"<xml/>", {"svix-id": number, "x-topic": "orders"}) for number in "12"
    ]
    assert [event.event_id for event in events] == ["1", "2"]
    assert {(event.type, event.unreadable) for event in events} == {
        ("orders", "the body is not JSON")
    }


def test_a_bad_entry_of_a_list_is_alone() -> None:
    good, bad, other = read(HUBSPOT, [CHANGE, "x", CHANGE | {"eventId": 2}])
    assert (good.unreadable, other.unreadable) == (None, None)
    assert bad.unreadable == "entry 2 of the list is not an object"
    assert bad.body == b'"x"'


def test_without_a_declared_id_repeats_are_known_by_their_content() -> None:
    webhooks = Webhooks("github", ())
    first, second = read_one(webhooks, {"a": 1, "b": 2}), read_one(webhooks, {"b": 2, "a": 1})
    assert first.event_id == second.event_id
    assert first.unreadable is None


def test_texts_can_be_stored_whatever_they_hold() -> None:
    odd = read_one(STRIPE, b'{"id": "a\\u0000b\\ud800c", "type": "x"}')
    assert odd.event_id == "a\\x00b\\ud800c"
    long = [read_one(STRIPE, {"id": "x" * 5000 + end}).event_id for end in "ab"]
    assert long[0] != long[1]
    assert [storable(one) for one in long] == long


def test_a_body_with_a_byte_order_mark_is_read() -> None:
    assert read_one(STRIPE, b'\xef\xbb\xbf{"id": "evt_1"}').event_id == "evt_1"


def test_deep_but_readable_entries_do_not_raise() -> None:
    for depth in (300, 500, 900, 990):
        assert read(HUBSPOT, b"[" + b'{"a":' * depth + b"1" + b"}" * depth + b"]")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
ODD = Webhooks(
    "svix",
    (),
    each="a || b || @",
    event_id=("id", "max(n)", "header:x"),
    type="join('.', [a, b])",
    occurred_at="to_number(t)",
    time="epoch_ms",
    tenant="ceil(n)",
    object="sort_by(a, &b)[0]",
)


@given(st.binary(), st.sampled_from(["", FORM, "application/json"]))
@pytest.mark.parametrize("webhooks", [HUBSPOT, STRIPE, ODD])
def test_no_bytes_make_it_raise(webhooks: Webhooks, body: bytes, content_type: str) -> None:
    for event in EventReader.of(webhooks).read({"content-type": content_type}, body, "-"):
        _is_storable(event)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "a", "b", "n", "t", "created", "type", "account"]), json_values
        )
        | json_values
    )
    | json_values
)
@pytest.mark.parametrize("webhooks", [HUBSPOT, STRIPE, ODD])
def test_no_document_makes_it_raise(webhooks: Webhooks, document: object) -> None:
    for event in read(webhooks, document):
        _is_storable(event)


@given(st.lists(st.dictionaries(st.sampled_from(["id", "a", "n"]), json_values) | json_values))
@pytest.mark.parametrize("webhooks", [HUBSPOT, STRIPE, ODD, replace(ODD, each="[0]")])
@pytest.mark.parametrize("content_type", ["application/json", FORM])
def test_what_is_stored_says_the_same_once_more(
    webhooks: Webhooks, content_type: str, document: list[object]
) -> None:
    headers = {"content-type": content_type, "x": "7"}
    reader = EventReader.of(webhooks)
    for event in read(webhooks, document, headers):
        assert reader.read_again(headers, event.body, "acme", event.entry) == (event,)


def test_which_entry_of_a_list_an_event_is() -> None:
    deeper = replace(HUBSPOT, each="batch")
    assert [event.entry for event in read(HUBSPOT, [CHANGE, "x", CHANGE])] == [1, 2, 3]
    assert [event.entry for event in read(deeper, {"batch": CHANGE})] == [1]
    for whole in (read_one(HUBSPOT, CHANGE), read_one(HUBSPOT, 7), read_one(STRIPE, CHANGE)):
        assert whole.entry is None


def _is_storable(event: ReadEvent) -> None:
    for text in (event.event_id, event.type, event.tenant, event.object_id, event.order_key):
        if text is not None:
            assert text
            assert storable(text) == text
    assert len(event.digest) == 32


@given(json_values)
def test_what_is_canonical_is_read_back(document: object) -> None:
    try:
        found = read_document(canonical(document), "")
    except UnreadableBody:
        return
    assert canonical(found) == canonical(document)
