"""What becomes of requests, on a real server with a real store."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from integration_monitor.ingest.event_reading import MOST_EVENTS
from integration_monitor.ingest.receiver.limits import Limits
from integration_monitor.ingest.xml_document import read_xml
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_listing import listed
from integration_monitor_tests.ingest.receiver.webhook_examples import (
    SECRET,
    Receiver,
    body_of,
    receiver,
    rows,
    signed,
    stripe_signed,
    wait_for,
)

EVENT = {"id": "evt_1", "type": "order.paid", "n": 1.0}


@pytest.fixture
def running(store: Store) -> Iterator[Receiver]:
    with receiver(store, limits=Limits(bytes=2000)) as one:
        yield one


def test_an_event_is_stored_as_it_came_and_counted(running: Receiver) -> None:
    body = b'{"type": "order.paid",  "id": "evt_1", "n": 1.0}'
    answer = running.http.post("/webhooks/shop", content=body, headers=signed(body))
    assert (answer.status_code, answer.content) == (200, b"")
    (event,) = running.rows("webhook_events")
    assert (event["integration"], event["connection"], event["tenant"]) == ("shop", "-", "-")
    assert (event["event_id"], event["type"], event["body"]) == ("evt_1", "order.paid", body)
    assert (event["state"], event["conflicting"], event["queued_at"]) == ("received", False, None)
    assert event["headers"]["x-hub-signature-256"].startswith("sha256=")
    (count,) = running.counts()
    assert (count["type"], count["received"], count["duplicates"]) == ("order.paid", 1, 0)
    assert count["first_at"] == count["last_at"] == event["received_at"]
    assert count["hour"] == event["received_at"].replace(minute=0, second=0, microsecond=0)


def test_the_longest_gap_between_events_of_an_hour_is_kept(running: Receiver) -> None:
    for name in "abc":
        assert running.post("shop", {**EVENT, "id": name}).status_code == 200
        counts = running.counts()
    came = [event["received_at"] for event in running.rows("webhook_events")]
    gaps = [(after - before).total_seconds() for before, after in itertools.pairwise(came)]
    # Unless an hour began in between.
    if len(counts) == 1:
        assert counts[0]["longest_s"] == pytest.approx(max(gaps))


def test_a_repeat_is_counted_and_another_body_is_flagged(running: Receiver) -> None:
    sent = [EVENT, {**EVENT, "attempt": 2}, {**EVENT, "n": 2}, {**EVENT, "n": 2}]
    assert [running.post("shop", one).status_code for one in sent] == [200] * 4
    with running.store.begin() as connection:
        assert [event.conflicting for event in listed(connection)] == [False, True]
    (count,) = running.counts()
    assert (count["received"], count["duplicates"]) == (2, 2)


def test_the_same_event_of_two_connections_is_two(running: Receiver) -> None:
    assert running.post("shop/acme", EVENT).status_code == 200
    assert running.post("shop/b%C3%BCro", EVENT).status_code == 200
    events = running.rows("webhook_events")
    assert [e["connection"] for e in events] == [e["tenant"] for e in events] == ["acme", "büro"]


def test_a_list_is_kept_once_beside_its_events(running: Receiver) -> None:
    events = [{"id": n, "sub": 7, "portal": n % 2, "type": "contact"} for n in range(3)]
    assert running.post("crm", events).status_code == 200
    assert running.post("crm", events[:2]).status_code == 200
    (request,) = running.rows("webhook_requests")
    assert json.loads(request["body"]) == events
    stored = running.rows("webhook_events")
    assert [e["event_id"] for e in stored] == ["0:7", "1:7", "2:7"]
    assert {e["request_id"] for e in stored} == {request["id"]}
    assert [e["entry"] for e in stored] == [1, 2, 3]
    counts = [(c["tenant"], c["received"], c["duplicates"]) for c in running.counts()]
    assert counts == [("0", 2, 1), ("1", 1, 1)]
    assert running.post("crm", []).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\x00", b"[1]", b'{"type": "\\u0000"}', b"1e999"])
def test_what_is_signed_is_kept_even_where_it_cannot_be_read(
    running: Receiver, body: bytes
) -> None:
    assert running.post("shop", body).status_code == 200
    (event,) = running.rows("webhook_events")
    assert (event["body"], event["event_id"][:7], event["entry"]) == (body, "sha256:", None)


def test_what_is_acknowledged_is_counted_with_repeats(store: Store) -> None:
    at = datetime(2026, 3, 1, 12, 5, 59, tzinfo=UTC)
    with receiver(store, clock=lambda: at) as one:
        listed_events = [{"id": n, "sub": 7, "type": "contact"} for n in range(3)]
        for path, document in (("shop", EVENT), ("shop", EVENT), ("crm/acme", listed_events)):
            assert one.post(path, document).status_code == 200
        at += timedelta(seconds=1)
        assert one.post("shop", EVENT).status_code == 200
        for path, headers in (("shop", {}), ("unset", None), ("nobody", None)):
            assert one.post(path, EVENT, headers).status_code != 200
    # What was counted last is written when the receiver ends.
    counted = [(*list(row.values())[:2], row["minute"].minute, row["requests"]) for row in (
        rows(store, "webhook_accepted")
    )]  # fmt: skip
    assert counted == [("crm", "acme", 5, 1), ("shop", "-", 5, 2), ("shop", "-", 6, 1)]


def test_a_bad_signature_is_counted_and_stored_nowhere(running: Receiver) -> None:
    for headers in ({}, {"X-Hub-Signature-256": "sha256=00"}, {"X-Hub-Signature-256": "?"}):
        answer = running.post("shop", EVENT, headers)
        assert (answer.status_code, set(answer.json())) == (401, {"detail", "reason"})
    assert running.post("chat/acme", EVENT, {}).status_code == 403
    wait_for(lambda: sum(r["requests"] for r in running.rows("webhook_rejections")) == 4)
    assert {(r["integration"], r["connection"], r["reason"]) for r in _rejected(running)} == {
        ("chat", "acme", "missing_header"),
        ("shop", "-", "malformed"),
        ("shop", "-", "mismatch"),
        ("shop", "-", "missing_header"),
    }
    assert running.rows("webhook_events") == []


def _rejected(running: Receiver) -> list[dict[str, object]]:
    return running.rows("webhook_rejections")


@pytest.mark.parametrize(("minutes", "status"), [(-10, 401), (-4, 200), (4, 200), (10, 401)])
def test_clocks_that_differ(running: Receiver, minutes: int, status: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    answer = running.post("billing", EVENT, stripe_signed(body_of(EVENT), at))
    assert answer.status_code == status
    assert (status == 200) or answer.json()["reason"] == "timestamp"


@pytest.mark.parametrize("path", ["forms?a=1%2F2&b", "forms/acme?x", "forms/a%20b", "forms"])
def test_the_configured_address_is_signed_never_that_of_the_request(
    running: Receiver, path: str
) -> None:
    body = body_of(EVENT)
    url = f"https://hooks.example.com/webhooks/{path}"
    made = hashlib.sha256(f"{SECRET}POST{url}".encode() + body).hexdigest()
    host = {"Host": "evil.example.com", "X-Forwarded-Host": "evil.example.com"}
    answer = running.post(path, EVENT, {**host, "X-HubSpot-Signature": made})
    assert answer.status_code == 200, answer.text


def test_what_proves_who_it_is_is_not_kept(running: Receiver) -> None:
    authorization = f"Basic {base64.b64encode(SECRET.encode()).decode()}"
    sent = {"Authorization": authorization, "Cookie": "a=b", "X-Kept": "ä", "X-Long": "y" * 9000}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    answer = running.http.post("/webhooks/basic", content=body_of(EVENT), headers=encoded)
    assert answer.status_code == 200
    (event,) = running.rows("webhook_events")
    assert event["headers"]["x-kept"] == "ä"
    assert not {"authorization", "cookie", "x-long"} & set(event["headers"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nobody", 404),
        ("polled", 404),
        ("", 404),
        ("shop/", 404),
        ("shop/a/b", 404),
        ("shop/%00", 404),
        ("broken", 503),
        ("unset", 503),
        ("unkeyed", 503),
    ],
)
def test_what_is_not_taken_here_or_not_now(running: Receiver, path: str, status: int) -> None:
    answer = running.post(path, EVENT)
    assert (answer.status_code, "retry-after" in answer.headers) == (status, status == 503)
    assert SECRET not in answer.text


def test_what_we_cannot_take_for_our_own_fault_is_counted(running: Receiver) -> None:
    assert [running.post(name, EVENT).status_code for name in ("broken", "unset/acme")] == [503] * 2
    assert running.post("nobody", EVENT).status_code == 404
    wait_for(lambda: len(_rejected(running)) == 2)
    assert {(r["integration"], r["connection"], r["reason"]) for r in _rejected(running)} == {
        ("broken", "-", "unavailable"),
        ("unset", "acme", "unavailable"),
    }


def test_handshakes(running: Receiver) -> None:
    echoed = running.http.get("/webhooks/shop", params={"challenge": "<b>&ä"})
    assert (echoed.status_code, echoed.text) == (200, "<b>&ä")
    assert echoed.headers["content-type"] == "text/plain; charset=utf-8"
    assert running.http.get("/webhooks/shop").status_code == 400
    assert running.http.get("/webhooks/crm").status_code == 405
    assert running.http.put("/webhooks/shop").status_code == 405
    asked = {"type": "url_verification", "challenge": "c-1"}
    assert running.post("chat", asked, {}).status_code == 403
    answered = running.post("chat", asked)
    assert (answered.status_code, answered.text) == (200, "c-1")
    assert running.rows("webhook_events") == []
    assert running.post("chat", EVENT).status_code == 200


def test_minutes_in_which_it_is_up(store: Store) -> None:
    at = datetime(2026, 3, 1, 12, 5, 30, tzinfo=UTC)
    with receiver(store, clock=lambda: at) as one:
        wait_for(lambda: len(one.rows("receiver_minutes")) == 1)
        assert one.rows("receiver_minutes") == [{"minute": at.replace(second=0)}]
        at += timedelta(minutes=1)
        wait_for(lambda: len(one.rows("receiver_minutes")) == 2)


def test_bodies_that_are_too_large(running: Receiver) -> None:
    assert running.post("shop", b"x" * 2000).status_code == 200
    assert running.post("shop", b"x" * 2001).status_code == 413
    chunked = running.http.post("/webhooks/shop", content=iter([b"x" * 1500] * 2))
    assert chunked.status_code == 413
    wait_for(lambda: [r["reason"] for r in _rejected(running)] == ["too_large"])


def test_a_list_that_is_too_long_is_not_acknowledged(store: Store) -> None:
    events = [{"id": n, "sub": 7} for n in range(MOST_EVENTS + 1)]
    with receiver(store) as running:
        answer = running.post("crm", events)
        assert answer.status_code == 413
        assert answer.json()["detail"] == "a list of 10,001 events; 10,000 are taken"
        wait_for(lambda: [r["reason"] for r in _rejected(running)] == ["too_large"])
        assert running.rows("webhook_events") == running.rows("webhook_requests") == []
        assert running.post("crm", events, {}).status_code == 401


_OUTBOUND = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>
<notifications xmlns="http://soap.sforce.com/2005/09/outbound">
<OrganizationId>{organization}</OrganizationId><ActionId>04k1</ActionId><SessionId xsi:nil="true"/>
{notifications}</notifications></soapenv:Body></soapenv:Envelope>"""
_NOTIFICATION = """<Notification><Id>{id}</Id><sObject xsi:type="sf:Contact"
  xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>003-{id}</sf:Id></sObject></Notification>
"""


def _outbound(*ids: str, organization: str = SECRET) -> bytes:
    notifications = "".join(_NOTIFICATION.format(id=each) for each in ids)
    return _OUTBOUND.format(organization=organization, notifications=notifications).encode()


@pytest.mark.parametrize("ids", [("04l1",), ("04l1", "04l2", "04l3")])
def test_an_outbound_message_is_acknowledged_as_salesforce_wants_it(
    running: Receiver, ids: tuple[str, ...]
) -> None:
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    answer = running.post("sales", _outbound(*ids), headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, headers["Content-Type"])
    said = read_xml(answer.content)["Envelope"]["Body"]
    assert said == {"notificationsResponse": {"Ack": "true"}}
    events = running.rows("webhook_events")
    assert [event["event_id"] for event in events] == list(ids)
    assert {event["type"] for event in events} == {"sf:Contact"}
    assert [event["object_id"] for event in events] == [f"003-{each}" for each in ids]


def test_an_outbound_message_of_another_organization_is_rejected(running: Receiver) -> None:
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    answer = running.post("sales", _outbound("04l1", organization="00D-other"), headers)
    assert (answer.status_code, answer.json()["reason"]) == (401, "mismatch")
    assert running.rows("webhook_events") == []
