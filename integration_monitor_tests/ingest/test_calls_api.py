"""`POST /v1/calls` on a real server, with a real store behind it."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from integration_monitor.ingest.call_event import MOST_EVENTS, ReadCalls, Taken
from integration_monitor.ingest.calls_api import Limits
from integration_monitor.store.call_tables import call_batches, call_minutes, tenant_minutes
from integration_monitor.store.engine import Store, StoreError, open_store
from integration_monitor_tests.ingest.calls_examples import EVENT, batch, event
from integration_monitor_tests.ingest.calls_server import LIMIT, TOKEN, client, intake


def post(api: httpx.Client, body: object) -> httpx.Response:
    return api.post("/v1/calls", json=body)


def rows(store: Store, table: sa.Table) -> list[Any]:
    with store.begin() as connection:
        return list(connection.execute(sa.select(table)).mappings())


def calls(store: Store) -> int:
    return sum(row["calls"] for row in rows(store, call_minutes))


def test_a_batch_is_counted(api: httpx.Client, store: Store) -> None:
    answer = post(api, batch(event(), event(), event(tenant="globex", status=503)))
    assert (answer.status_code, answer.json()) == (
        200,
        {"accepted": 3, "duplicate": False, "rejected": []},
    )
    assert {
        (row["endpoint"], row["outcome"], row["calls"]) for row in rows(store, call_minutes)
    } == {
        ("contacts", "ok", 2),
        ("contacts", "server", 1),
    }
    assert {row["tenant"] for row in rows(store, tenant_minutes)} == {"acme", "globex"}


def test_invalid_events_are_told_and_the_others_taken(api: httpx.Client, store: Store) -> None:
    events = [event(), 7, event(status="200"), event(integration="crn"), event()]
    answer = post(api, batch(*events))
    assert answer.status_code == 200
    assert answer.json()["accepted"] == calls(store) == 2
    told = [(each["index"], each["field"]) for each in answer.json()["rejected"]]
    assert told == [(1, ""), (2, "status"), (3, "integration")]


def test_a_batch_without_a_valid_event(api: httpx.Client, store: Store) -> None:
    answer = post(api, batch(event(integration="crn")))
    assert (answer.status_code, answer.json()["accepted"]) == (422, 0)
    assert rows(store, call_batches) == []
    assert post(api, batch(event())).json()["accepted"] == 1, "its id is not taken"


def test_an_empty_batch(api: httpx.Client, store: Store) -> None:
    answer = post(api, batch())
    assert (answer.status_code, answer.json()["accepted"]) == (200, 0)
    assert rows(store, call_batches) == []


def test_a_repeated_batch_does_not_count_again(api: httpx.Client, store: Store) -> None:
    post(api, batch(event()))
    again = post(api, batch(event()))
    assert again.json() == {"accepted": 0, "duplicate": True, "rejected": []}
    assert again.status_code == 200
    post(api, batch(event(), source="another"))
    post(api, batch(event(), batch_id="b-2"))
    assert calls(store) == 3


def test_a_batch_sent_by_many_at_once_counts_once(api: httpx.Client, store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(api, batch(event(), event())), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["accepted"] for answer in answers) == calls(store) == 2
    assert sum(answer.json()["duplicate"] for answer in answers) == 15


def test_calls_out_of_order(api: httpx.Client, store: Store) -> None:
    times = ["2026-03-01T12:04:00Z", "2026-02-28T01:00:00Z", "2026-03-01T12:09:00Z"]
    for number, at in enumerate(times):
        post(api, batch(event(started_at=at), batch_id=str(number)))
    found = {f"{row['minute']:%Y-%m-%dT%H:%M:%SZ}" for row in rows(store, call_minutes)}
    assert found == set(times)


def test_without_the_token(api: httpx.Client, store: Store) -> None:
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer wrong"}):
        answer = api.post("/v1/calls", json=batch(event()), headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert rows(store, call_batches) == []


def test_a_body_that_is_too_large(api: httpx.Client, store: Store) -> None:
    text = json.dumps(batch(event(message="x" * 2_000))) + " " * LIMIT
    headers = {"Content-Type": "application/json"}
    pieces = (text[at : at + 9_000].encode() for at in range(0, len(text), 9_000))
    for content in (text.encode(), pieces):
        answer = api.post("/v1/calls", content=content, headers=headers)
        assert (answer.status_code, "65,536 bytes" in answer.json()["detail"]) == (413, True)
    assert rows(store, call_batches) == []


def test_a_body_of_ten_megabytes(api: httpx.Client) -> None:
    answer = post(api, batch(event(tenant="x" * 10_000_000)))
    assert answer.status_code == 413


def test_too_many_events(store: Store) -> None:
    with client(intake(store), Limits()) as api:
        assert post(api, batch(*[EVENT] * MOST_EVENTS)).json()["accepted"] == MOST_EVENTS
        answer = post(api, batch(*[EVENT] * (MOST_EVENTS + 1), batch_id="b-2"))
    assert answer.status_code == 422
    assert f"at most {MOST_EVENTS} items" in answer.json()["detail"]
    assert calls(store) == MOST_EVENTS


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"{}", 415),
        ({}, b"{}", 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"{}", 415),
        ({"Content-Type": "application/json; charset=utf-8"}, b"{}", 422),
        ({"Content-Type": "application/json"}, b"", 400),
        ({"Content-Type": "application/json"}, b"{", 400),
        ({"Content-Type": "application/json"}, b"[" * 60_000, 400),
        ({"Content-Type": "application/json"}, b"\xff\xfe\x00", 400),
        ({"Content-Type": "application/json"}, b"NaN", 422),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_no_batch(
    api: httpx.Client, headers: dict[str, str], content: bytes, status: int
) -> None:
    answer = api.post("/v1/calls", content=content, headers=headers)
    assert (answer.status_code, "detail" in answer.json()) == (status, True)


def test_a_sender_that_hangs_and_one_that_goes_away(api: httpx.Client) -> None:
    head = (
        f"POST /v1/calls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    address = (api.base_url.host, api.base_url.port or 0)
    with socket.create_connection(address) as gone:
        gone.sendall(head.encode())
    with socket.create_connection(address, timeout=10) as hanging:
        hanging.sendall(head.encode())
        assert hanging.recv(4_096).startswith(b"HTTP/1.1 408")
    assert post(api, batch(event())).status_code == 200


def test_a_store_that_is_away() -> None:
    def away(_: ReadCalls) -> Taken:
        raise StoreError("the store does not answer: connection refused")

    with client(away, Limits()) as api:
        answer = post(api, batch(event()))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {"detail": "the store does not answer: connection refused"}


def test_a_store_that_goes_away_and_comes_back(store: Store) -> None:
    """Nothing is half stored: the same batch is taken in full later."""
    with socket.create_server(("127.0.0.1", 0)) as port:
        closed = port.getsockname()[1]
    wrong = open_store(f"postgresql://nobody:hidden@127.0.0.1:{closed}/store")
    current = [wrong]
    with client(lambda read: intake(current[0])(read), Limits()) as api:
        answer = post(api, batch(event(), event()))
        assert (answer.status_code, "hidden" in answer.text) == (503, False)
        current[0] = store
        assert post(api, batch(event(), event())).json()["accepted"] == 2
    wrong.dispose()
    assert calls(store) == 2


def test_the_document_describes_the_route(api: httpx.Client) -> None:
    route = api.get("/openapi.json").json()["paths"]["/v1/calls"]["post"]
    schema = route["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["required"]) == {"batch_id", "events"}
    assert {"200", "400", "401", "413", "415", "422", "503"} == set(route["responses"])
    assert route["security"] == [{"HTTPBearer": []}]
