"""The transports, over real connections: what is counted, and that nothing else changes."""

from __future__ import annotations

import asyncio
import gzip
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from integration_monitor.ingest.recorder import Recorder
from integration_monitor.ingest.tenants import tenant
from integration_monitor.ingest.transport import AsyncMonitoredTransport, MonitoredTransport
from integration_monitor.signals.latency_buckets import milliseconds
from integration_monitor_tests.ingest.answers import (
    RECORDS,
    Answer,
    Scripted,
    answer,
    in_chunks,
    scripted,
    torn,
)
from integration_monitor_tests.ingest.recording import (
    MANIFEST,
    NOON,
    MemorySink,
    Seconds,
    manifests,
    recorder,
)

CONTACTS = "/api/v1/contacts"


@pytest.fixture
def partner() -> Iterator[Scripted]:
    with scripted() as state:
        yield state


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def recording(sink: MemorySink, tmp_path: Path, clock: Seconds) -> Recorder:
    return recorder(sink, tmp_path / "spill", clock=clock)


Opens = Callable[..., MonitoredTransport]


@pytest.fixture
def opens(recording: Recorder, tmp_path: Path) -> Opens:
    """A transport for a manifest, over another transport."""

    def opened(
        text: str = MANIFEST, inner: httpx.BaseTransport | None = None
    ) -> MonitoredTransport:
        directory = manifests(tmp_path / "manifests", text)
        return MonitoredTransport("crm", inner, manifests=directory, recorder=recording)

    return opened


@pytest.fixture
def client(opens: Opens, partner: Scripted) -> Iterator[httpx.Client]:
    with httpx.Client(transport=opens(), base_url=partner.url) as opened:
        yield opened


def test_calls_are_counted_by_endpoint_tenant_and_outcome(
    client: httpx.Client, partner: Scripted, recording: Recorder, sink: MemorySink
) -> None:
    with tenant("acme"):
        assert client.get(CONTACTS).json() == RECORDS
        client.get(f"{CONTACTS}/c-17?verbose=1")
        client.get(CONTACTS, extensions={"tenant": "globex"})
    partner.script.append(answer(500, {"error": {"code": "INTERNAL"}}))
    client.post("/elsewhere/and/far")
    client.get(f"{CONTACTS}/an%2Fid", extensions={"tenant": "initech"})
    recording.flush(10)
    assert sink.by("integration", "endpoint", "tenant", "outcome") == {
        ("crm", "contact", "initech", "ok"): 1,
        ("crm", "contacts", "acme", "ok"): 1,
        ("crm", "contact", "acme", "ok"): 1,
        ("crm", "contacts", "globex", "ok"): 1,
        ("crm", "other", "-", "server"): 1,
    }


def test_the_minute_is_the_clocks_also_when_it_steps_backwards(
    client: httpx.Client, clock: Seconds, recording: Recorder, sink: MemorySink
) -> None:
    for step in (0, 60, -3600):
        clock.at = NOON + step
        client.get(CONTACTS)
    recording.flush(10)
    minutes = sorted(count.minute.timestamp() for count in sink.counts)
    assert minutes == [NOON - 3600, NOON, NOON + 60]
    assert all(0 < milliseconds(count.bucket) < 10_000 for count in sink.counts)


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        (answer(), "ok"),
        (answer(204, b"", content_type="text/plain"), "ok"),
        (answer(304, b""), "ok"),
        (answer(200, b"<html>login</html>", content_type="text/html"), "bad_response"),
        (answer(200, b"<html>login</html>"), "bad_response"),
        (answer(401, {"error": "invalid_token"}), "auth_expired"),
        (answer(403, {"error": "insufficient_scope"}), "scope_missing"),
        (answer(404, {}), "not_found"),
        (answer(409, {}), "conflict"),
        (answer(422, {"message": "no"}), "bad_request"),
        (answer(429, {}, retry_after="1"), "rate_limited"),
        (answer(503, b"down", content_type="text/plain"), "server"),
        (torn, "network"),
        (in_chunks(b'{"results"', b": []}"), "ok"),
    ],
)
def test_the_outcome(
    client: httpx.Client,
    partner: Scripted,
    recording: Recorder,
    sink: MemorySink,
    sent: Answer,
    outcome: str,
) -> None:
    partner.script.append(sent)
    if sent is torn:
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(CONTACTS)
    else:
        client.post(CONTACTS)
    recording.flush(10)
    assert sink.by("outcome") == {(outcome,): 1}


def test_a_partner_that_cannot_be_reached(
    opens: Opens, recording: Recorder, sink: MemorySink
) -> None:
    with httpx.Client(transport=opens()) as client, pytest.raises(httpx.ConnectError):
        client.post("http://127.0.0.1:1/api/v1/contacts?token=s3cret")
    recording.flush(10)
    assert sink.by("endpoint", "outcome") == {("contacts", "network"): 1}
    (kept,) = sink.exemplars
    assert (kept.message, kept.status) == ("ConnectError", None)


def test_a_stream_stays_a_stream(
    client: httpx.Client, partner: Scripted, recording: Recorder, sink: MemorySink
) -> None:
    first_read, go_on = threading.Event(), threading.Event()
    chunked = in_chunks(b'{"a": 1}', b'{"a": 2}', kind="application/x-ndjson")

    def in_two(handler: object) -> None:
        original = handler.wfile.write  # type: ignore[attr-defined]

        def write(data: bytes) -> int:
            if b"2}" in data:
                assert go_on.wait(10)
            return int(original(data))

        handler.wfile.write = write  # type: ignore[attr-defined]
        chunked(handler)  # type: ignore[arg-type]

    partner.script.append(in_two)
    with client.stream("GET", CONTACTS) as response:
        pieces = response.iter_bytes()
        assert next(pieces) == b'{"a": 1}'
        first_read.set()
        recording.flush(10)
        assert sink.calls == 0
        go_on.set()
        assert b"".join(pieces) == b'{"a": 2}'
    recording.flush(10)
    assert sink.by("outcome") == {("ok",): 1}


def test_a_stream_that_is_closed_early_or_never_counts_once(
    client: httpx.Client, opens: Opens, recording: Recorder, sink: MemorySink
) -> None:
    with client.stream("GET", CONTACTS):
        pass
    response = opens(inner=httpx.MockTransport(unread)).handle_request(
        httpx.Request("GET", f"http://127.0.0.1{CONTACTS}")
    )
    del response
    recording.flush(10)
    assert sink.by("outcome") == {("ok",): 2}


def unread(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(b"{}"))


def test_an_endless_stream_counts_when_it_begins(
    client: httpx.Client, partner: Scripted, recording: Recorder, sink: MemorySink
) -> None:
    partner.script.append(in_chunks(b"data: 1\n\n", b"data: 2\n\n", kind="text/event-stream"))
    with client.stream("GET", CONTACTS) as response:
        recording.flush(10)
        assert sink.by("outcome") == {("ok",): 1}
        assert len(b"".join(response.iter_bytes())) == 18
    recording.flush(10)
    assert sink.calls == 1


def test_the_latency_is_what_the_caller_waited_not_what_it_took_to_work(
    client: httpx.Client, partner: Scripted, recording: Recorder, sink: MemorySink
) -> None:
    late = threading.Event()

    def slowly(handler: object) -> None:
        late.wait(0.15)
        answer()(handler)  # type: ignore[arg-type]

    partner.script.append(slowly)
    with client.stream("GET", CONTACTS) as response:
        late.wait(0.4)
        response.read()
    recording.flush(10)
    (count,) = sink.counts
    assert 140 < milliseconds(count.bucket) < 400


def test_what_the_caller_gets_is_what_came(client: httpx.Client, partner: Scripted) -> None:
    packed = gzip.compress(b'{"results": []}')
    partner.script.append(answer(200, packed, content_encoding="gzip", x_own="1", etag='"a"'))
    response = client.get(CONTACTS)
    assert response.json() == {"results": []}
    assert response.headers["x-own"] == "1"
    assert "ratelimit-limit" not in response.headers
    assert response.is_closed


def test_a_packed_answer_is_classified_and_sampled_too(
    client: httpx.Client, partner: Scripted, recording: Recorder, sink: MemorySink
) -> None:
    for status, text in ((200, b'{"plan": "x"}'), (403, b'{"error": "insufficient_scope"}')):
        partner.script.append(answer(status, gzip.compress(text), content_encoding="gzip"))
        client.get(CONTACTS)
    recording.flush(10)
    assert sink.by("outcome") == {("ok",): 1, ("scope_missing",): 1}
    (shape,) = sink.batches[0].shapes
    assert list(shape.shape.fields) == ["plan"]


def test_nothing_secret_is_kept(
    client: httpx.Client, partner: Scripted, recording: Recorder, sink: MemorySink
) -> None:
    secret = "sk_live_51H8xyzABCDEF0123456789"
    body = {"error": {"code": "BAD", "message": f"token={secret} of ann@example.com is bad"}}
    partner.script.append(answer(422, body, x_request_id="req-1"))
    client.post(
        f"{CONTACTS}?api_key={secret}",
        headers={"authorization": f"Bearer {secret}"},
        json={"password": secret},
    )
    client.get(f"/{secret}?hapikey={secret}")
    with pytest.raises(httpx.ConnectError):
        client.get(f"http://127.0.0.1:1/{secret}?token={secret}")
    recording.flush(10)
    said = repr(sink.batches)
    assert secret not in said
    assert "ann@" not in said
    assert (sink.exemplars[0].error_code, sink.exemplars[0].request_id) == ("BAD", "req-1")


def test_what_the_partner_says_of_limits_and_of_the_end(
    client: httpx.Client, partner: Scripted, recording: Recorder, sink: MemorySink
) -> None:
    policy = '"default";q=100;w=60'
    gone = "Sun, 01 Nov 2026 00:00:00 GMT"
    partner.script += [
        answer(ratelimit='"default";r=50;t=30', ratelimit_policy=policy, sunset=gone),
        answer(ratelimit='"default";r=49;t=29', ratelimit_policy=policy),
    ]
    with tenant("acme"):
        client.get(CONTACTS)
        client.get(CONTACTS)
    recording.flush(10)
    (batch,) = sink.batches
    assert [(one.tenant, one.limit, one.remaining) for one in batch.rate_limits] == [
        ("acme", 100, 49)
    ]
    assert [(one.endpoint, one.kind, str(one.on)) for one in batch.notices] == [
        ("contacts", "sunset", "2026-11-01")
    ]


@pytest.mark.parametrize("name", ["retry-after", "ratelimit", "ratelimit-policy", "ratelimit-limit",
    "ratelimit-remaining", "ratelimit-reset", "deprecation", "sunset", "warning", "link", "date",
    "content-type", "content-encoding", "www-authenticate", "x-request-id"])  # fmt: skip
@pytest.mark.parametrize(
    "value", ["", "nan", "-1", "9" * 400, '"', "@@", ";;=", "\x80\xff", "a" * 9000]
)
@pytest.mark.parametrize("status", [200, 429])
def test_malformed_headers_break_nothing(
    recording: Recorder, sink: MemorySink, opens: Opens, name: str, value: str, status: int
) -> None:
    headers = [(b"content-type", b"application/json"), (name.encode(), value.encode("latin-1"))]

    def answers(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b"{}"))

    transport = opens(MANIFEST, httpx.MockTransport(answers))
    response = transport.handle_request(httpx.Request("POST", f"http://127.0.0.1{CONTACTS}"))
    for _ in response.stream:  # type: ignore[union-attr]
        pass
    recording.flush(10)
    assert (sink.calls, sink.dropped) == (1, 0)


def test_fields_of_some_answers_are_looked_at(
    client: httpx.Client, clock: Seconds, recording: Recorder, sink: MemorySink
) -> None:
    for _ in range(8):
        client.get(CONTACTS)
    clock.at += 60
    client.get(CONTACTS)
    recording.flush(10)
    (shape,) = sink.batches[0].shapes
    assert (shape.endpoint, shape.shape.records) == ("contacts", 6)
    assert set(shape.shape.fields) == {"results", "results[]", "results[].id", "results[].email"}
    assert "ann@example.com" not in repr(shape)


def test_a_mistake_of_ours_breaks_no_call(
    client: httpx.Client,
    recording: Recorder,
    sink: MemorySink,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake")

    for name in ("answered", "heard"):
        with monkeypatch.context() as patched:
            patched.setattr(f"integration_monitor.ingest.watch.Watch.{name}", fails)
            assert client.get(CONTACTS).json() == RECORDS
            assert client.get(CONTACTS).json() == RECORDS
    recording.flush(10)
    assert (sink.calls, sink.dropped) == (0, 4)
    assert len([one for one in caplog.records if one.name.endswith("ingest.watch")]) == 1


def test_a_hundred_threads_and_an_event_loop_at_once(
    opens: Opens, recording: Recorder, sink: MemorySink, partner: Scripted, tmp_path: Path
) -> None:
    directory = manifests(tmp_path / "manifests")
    inner = httpx.MockTransport(lambda request: httpx.Response(200, json=RECORDS))
    client = httpx.Client(transport=opens(inner=inner), base_url=partner.url)

    def calls(number: int) -> None:
        with tenant(f"thread-{number % 10}"):
            for _ in range(20):
                client.get(CONTACTS)

    async def also() -> None:
        transport = AsyncMonitoredTransport("crm", inner, manifests=directory, recorder=recording)
        async with httpx.AsyncClient(transport=transport, base_url=partner.url) as asynchronous:

            async def call(number: int) -> None:
                with tenant(f"task-{number % 10}"):
                    await asyncio.sleep(0)
                    await asynchronous.get(CONTACTS)

            await asyncio.gather(*(call(number) for number in range(200)))

    with ThreadPoolExecutor(100) as pool:
        done = [pool.submit(calls, number) for number in range(100)]
        asyncio.run(also())
        for one in done:
            one.result()
    recording.flush(10)
    by_tenant = sink.by("tenant")
    assert by_tenant == {
        **{(f"thread-{number}",): 200 for number in range(10)},
        **{(f"task-{number}",): 20 for number in range(10)},
    }


def test_an_asynchronous_client_over_real_connections(
    recording: Recorder, sink: MemorySink, partner: Scripted, tmp_path: Path
) -> None:
    async def call() -> None:
        transport = AsyncMonitoredTransport(
            "crm", manifests=manifests(tmp_path / "m"), recorder=recording
        )
        async with httpx.AsyncClient(transport=transport, base_url=partner.url) as client:
            assert (await client.get(CONTACTS)).json() == RECORDS
            partner.script.append(torn)
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post(CONTACTS)
            async with client.stream("GET", CONTACTS):
                pass
            hang = threading.Event()
            partner.script.append(lambda _: hang.wait(10))  # type: ignore[arg-type]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.post(CONTACTS), 0.2)
            hang.set()

    asyncio.run(call())
    recording.flush(10)
    assert sink.by("outcome") == {("ok",): 2, ("network",): 1, ("timeout",): 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "has none of it"),
        ("version: 1\nintegration: crm\nowner: nobody\n", "crm.yaml:3"),
    ],
)
def test_without_a_sound_manifest_every_call_is_one_to_other(
    recording: Recorder,
    sink: MemorySink,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    text: str | None,
    said: str,
) -> None:
    directory = manifests(tmp_path / "m", text or MANIFEST, "crm.yaml" if text else "crm2.yaml")
    inner = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    transport = MonitoredTransport(
        "crm" if text else "shop", inner, manifests=directory, recorder=recording
    )
    with httpx.Client(transport=transport) as client:
        assert client.get(f"http://127.0.0.1{CONTACTS}").status_code == 200
    recording.flush(10)
    assert sink.by("endpoint") == {("other",): 1}
    warnings = [one.message for one in caplog.records if one.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert said in warnings[0]


def test_without_a_store_calls_go_on_unwatched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("INTEGRATION_MONITOR_DATABASE_URL", raising=False)
    inner = httpx.MockTransport(lambda request: httpx.Response(200, json=RECORDS))
    transport = MonitoredTransport("crm", inner, manifests=manifests(tmp_path / "m"))
    with httpx.Client(transport=transport) as client:
        assert client.get(f"http://127.0.0.1{CONTACTS}").json() == RECORDS
    assert "INTEGRATION_MONITOR_DATABASE_URL is not set" in caplog.text
