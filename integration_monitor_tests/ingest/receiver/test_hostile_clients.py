"""Clients that send too much, too slowly or nonsense: they get a 4xx, and nobody waits for them."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from integration_monitor.ingest import patient_protocol
from integration_monitor.ingest.receiver.limits import Limits
from integration_monitor.store.engine import Store
from integration_monitor_tests.ingest.receiver.webhook_examples import (
    Receiver,
    body_of,
    receiver,
    signed,
    wait_for,
)

EVENT = {"id": "evt_1"}


@pytest.fixture
def running(store: Store) -> Iterator[Receiver]:
    with receiver(store, limits=Limits(within_s=0.3)) as one:
        yield one


@contextmanager
def connected(running: Receiver) -> Iterator[socket.socket]:
    url = running.http.base_url
    with socket.create_connection((url.host, url.port or 0), timeout=20) as one:
        yield one


def head(*lines: str) -> bytes:
    return "\r\n".join(["POST /webhooks/shop HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def status_of(one: socket.socket) -> str:
    """Such as `413`; empty where the connection was closed without an answer."""
    with contextlib.suppress(ConnectionResetError):
        return one.makefile("rb").readline().decode()[9:12]
    return ""


@pytest.mark.parametrize("framing", ["Content-Length: 104857600", "Transfer-Encoding: chunked"])
def test_100_mb(running: Receiver, framing: str) -> None:
    before = psutil.Process().memory_info().rss
    with connected(running) as one:
        one.sendall(head(framing))
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        with contextlib.suppress(ConnectionError):
            for _ in range(1600):
                one.sendall(piece)
        assert status_of(one) in {"413", ""}
    assert psutil.Process().memory_info().rss - before < 50 * 1024**2
    assert running.rows("webhook_events") == []
    wait_for(lambda: [r["reason"] for r in running.rows("webhook_rejections")] == ["too_large"])


def test_a_body_that_is_said_to_be_too_large_is_not_read(running: Receiver) -> None:
    with connected(running) as one:
        one.sendall(head("Content-Length: 104857600"))
        assert status_of(one) == "413"


@pytest.mark.parametrize("length", ["Content-Length: -1", "Content-Length: 1x", "Content-Length: "])
def test_lengths_that_are_none(running: Receiver, length: str) -> None:
    with connected(running) as one:
        one.sendall(head(length))
        assert status_of(one).startswith("4")


def test_a_body_that_is_cut_off(running: Receiver) -> None:
    body = body_of(EVENT)
    with connected(running) as one:
        given = [f"{name}: {value}" for name, value in signed(body).items()]
        one.sendall(head(f"Content-Length: {len(body)}", *given) + body[:-1])
        one.shutdown(socket.SHUT_RDWR)
    wait_for(lambda: [r["reason"] for r in running.rows("webhook_rejections")] == ["cut_off"])
    assert running.rows("webhook_events") == []
    assert running.post("shop", EVENT).status_code == 200


def test_a_body_that_arrives_too_slowly(running: Receiver) -> None:
    with connected(running) as one:
        one.sendall(head("Content-Length: 10") + b"x")
        assert running.post("shop", EVENT).status_code == 200
        assert status_of(one) == "408"


def test_bodies_that_crowd_are_nobodys_until_they_are_verified(store: Store) -> None:
    with receiver(store, limits=Limits(waiting_bytes=1000)) as running, connected(running) as one:
        one.sendall(head("Content-Length: 4000") + b"x" * 2000)
        answer = one.makefile("rb").read(200).decode().lower()
        assert "503" in answer.splitlines()[0]
        assert "retry-after: 1" in answer.splitlines()
        wait_for(lambda: len(running.rows("webhook_rejections")) == 1)
        assert [r["reason"] for r in running.rows("webhook_rejections")] == ["crowded"]


def test_heads_that_never_end(running: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_protocol, "HEAD_WITHIN_S", 0.3)
    monkeypatch.setattr(patient_protocol, "LOOK_EVERY_S", 0.05)
    with contextlib.ExitStack() as stack:
        some = [stack.enter_context(connected(running)) for _ in range(50)]
        for number, one in enumerate(some):
            one.sendall(b"POST /webhooks/shop HTTP/1.1\r\nX-A: "[: number or None])
        assert running.post("shop", EVENT).status_code == 200
        assert {status_of(one) for one in some} == {""}


@pytest.mark.parametrize("endless", ["X-A: " + "a" * 70_000, "X-A: b\r\n" * 10_000])
def test_heads_that_are_too_large(running: Receiver, endless: str) -> None:
    with connected(running) as one:
        with contextlib.suppress(ConnectionError):
            for _ in range(2):
                one.sendall(b"POST /webhooks/shop HTTP/1.1\r\n" + endless.encode())
        assert status_of(one) in {"400", ""}
    assert running.post("shop", EVENT).status_code == 200


def test_malformed_signatures_are_never_our_error(running: Receiver) -> None:
    chance = random.Random(5)
    names = {"shop": "X-Hub-Signature-256", "billing": "Stripe-Signature", "basic": "Authorization"}
    names |= {"forms": "X-HubSpot-Signature"}
    begins = ("", "sha256=", "t=1,v1=", "t=,v1", "v1=", "Basic ", "t=99999999999999999,v1=")
    found = set()
    for _ in range(1000):
        path, name = chance.choice(list(names.items()))
        value = chance.choice(begins).encode() + bytes(
            chance.choice(b"\t =,:%\x80\xff09azAZ+/\"'\\") for _ in range(chance.randrange(80))
        )
        answer = running.http.post(
            f"/webhooks/{path}", content=b"{}", headers=[(name.encode(), value.strip())]
        )
        found.add(answer.status_code)
    assert found == {401}
    assert running.rows("webhook_events") == []
