"""The CRM's webhooks over real HTTP, checked as the receiver checks them."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integration_monitor.demo.collection import Collection
from integration_monitor.demo.crm_events import CrmEvents
from integration_monitor.demo.rhythm import TELLING, TYPES
from integration_monitor.demo.sender import PATH, REPEATED_AFTER, Sender
from integration_monitor.demo.sending import AS_AGREED, Sending
from integration_monitor.demo.servers import serving
from integration_monitor.ingest.signature import SignatureError, load_scheme, verify

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SCHEME = load_scheme("standard_webhooks")


@dataclass
class Receiver:
    """Takes webhooks, and says what it is told to say."""

    now: datetime = NOON
    status: int = 200
    sending: Sending = AS_AGREED
    taken: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    async def receive(self, request: Request) -> Response:
        body = await request.body()
        if self.status != 200:
            return Response(status_code=self.status)
        try:
            verify(
                SCHEME, secrets=[SECRET], method=request.method, url=str(request.url),
                headers=dict(request.headers), body=body, now=self.now,
            )  # fmt: skip
        except SignatureError as error:
            self.reasons.append(error.reason)
            return Response(status_code=401)
        self.taken.append(json.loads(body))
        return Response()


@dataclass
class Running:
    """A sender, its receiver, and the clock of both."""

    receiver: Receiver
    sender: Sender

    def live(self, seconds: int) -> None:
        for _ in range(seconds):
            self.receiver.now += timedelta(seconds=1)
            self.sender.step(self.receiver.now)


@pytest.fixture
def running() -> Iterator[Running]:
    receiver = Receiver()
    app = Starlette(routes=[Route(PATH, receiver.receive, methods=["POST"])])
    rng = random.Random(7)
    with serving(app) as url, httpx.Client(base_url=url, trust_env=False) as http:
        events = CrmEvents(Collection(key="id", version="updated_at"), rng)
        sender = Sender(events, http, secret=SECRET, sending=lambda: receiver.sending, rng=rng)
        sender.step(NOON)
        yield Running(receiver, sender)


def test_signed_events_of_every_stream_arrive(running: Running) -> None:
    running.live(120)
    taken = running.receiver.taken
    assert 60 < len(taken) < 200
    assert running.receiver.reasons == []
    assert {event["account"] for event in taken} == set(TELLING)
    assert {event["type"] for event in taken} == set(TYPES)
    assert len({event["id"] for event in taken}) == len(taken)
    assert len({event["occurred_at"] for event in taken}) == len(taken)
    assert running.sender.state()["taken"] == len(taken)


def test_what_was_not_answered_is_sent_again(running: Running) -> None:
    running.receiver.status = 503
    running.live(10)
    assert running.sender.state()["unanswered"] > 0
    running.receiver.status = 200
    running.live(10 + int(REPEATED_AFTER.total_seconds()))
    numbers = [event["id"] for event in running.receiver.taken]
    assert len(set(numbers)) == len(numbers)
    assert min(event["occurred_at"] for event in running.receiver.taken) < "2026-03-02T12:00:10"


def test_what_was_refused_is_not_sent_again(running: Running) -> None:
    running.receiver.sending = Sending(forged=True)
    running.live(30)
    said = running.sender.state()
    assert set(running.receiver.reasons) == {"mismatch"}
    assert said["refused"] == len(running.receiver.reasons)
    assert said["taken"] == pytest.approx(2 * said["refused"], abs=3)
    assert said["line"].endswith(f"{said['taken']} taken, {said['refused']} refused")


def test_copies_arrive_under_one_id(running: Running) -> None:
    running.receiver.sending = Sending(copied=True)
    running.live(20)
    times = Counter(event["id"] for event in running.receiver.taken)
    assert set(times.values()) <= {1, 2, 3}
    assert max(times.values()) == 3


def test_of_two_changes_of_a_deal_the_newer_one_arrives_first(running: Running) -> None:
    running.receiver.sending = Sending(overtaken=True)
    running.live(160)
    newest: dict[str, str] = {}
    overtaken = 0
    for event in running.receiver.taken:
        deal = event["object"]["id"]
        overtaken += event["occurred_at"] < newest.get(deal, "")
        newest[deal] = max(newest.get(deal, ""), event["occurred_at"])
    assert overtaken >= 5


def test_who_has_stopped_sends_nothing_that_was_held_back(running: Running) -> None:
    running.receiver.sending = Sending(late=True)
    running.live(10)
    running.receiver.sending = Sending(stopped=True)
    running.live(1)
    before = len(running.receiver.taken)
    running.live(70)
    assert len(running.receiver.taken) == before


def test_the_time_that_a_laptop_slept_is_not_made_up_for(running: Running) -> None:
    running.live(2)
    before = len(running.receiver.taken)
    running.receiver.now += timedelta(hours=8)
    running.live(2)
    assert len(running.receiver.taken) - before < 30
