"""Calls made again: which, how often, after how long; and limits passed on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.ingest.retries import Retries
from integration_monitor.ingest.transport import AsyncMonitoredTransport, MonitoredTransport
from integration_monitor.manifest.calls import CallRules, RetryRules
from integration_monitor_tests.ingest.recording import NOON, MemorySink, recorder

URL = "http://127.0.0.1/api/v1/contacts"
RULES = RetryRules()


def retries(rules: RetryRules = RULES, drawn: float = 1.0) -> Retries:
    return Retries(CallRules(retry=rules), drawn=lambda: drawn, now=lambda: NOON)


def request(method: str = "GET", **more: object) -> httpx.Request:
    return httpx.Request(method, URL, **more)  # type: ignore[arg-type]


def waits(
    answers: list[httpx.Response | Exception],
    rules: RetryRules = RULES,
    drawn: float = 1.0,
    sent: httpx.Request | None = None,
) -> list[float | None]:
    """What is waited after each of the answers."""
    attempts = retries(rules, drawn).begin(sent or request())
    return [
        attempts.after(one) if isinstance(one, httpx.Response) else attempts.after_error(one)
        for one in answers
    ]


def answered(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(
        status, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def test_waits_grow_and_attempts_end() -> None:
    assert waits([answered(503)] * 3) == [0.5, 1.0, None]
    assert waits([answered(503)] * 3, drawn=0.25) == [0.125, 0.25, None]
    assert waits([answered(503)] * 2, replace(RULES, attempts=1)) == [None, None]


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (answered(500), 0.5),
        (answered(408), 0.5),
        (answered(503, retry_after="3"), 3.0),
        (answered(429, retry_after="2.0"), 2.0),
        (answered(429, retry_after="10"), 10.0),
        (answered(429, retry_after="11"), None),  # over the budget
        (answered(429, retry_after="0"), 0.5),  # no hint
        (answered(429, retry_after="soon"), 0.5),
        (answered(429, ratelimit='"a";r=0;t=4'), 4.0),
        (answered(429, ratelimit='"a";r=0;t=4', retry_after="2"), 2.0),
        (answered(429, ratelimit='"daily";r=0;t=4'), None),  # a quota
        (answered(403, retry_after="5"), 5.0),  # GitHub's way
        (answered(403), None),
        (answered(501), None),
        (answered(400), None),
        (answered(401), None),
        (answered(404), None),
        (answered(409), None),
        (answered(422), None),
        (httpx.ConnectError("x"), 0.5),
        (httpx.ReadTimeout("x"), 0.5),
        (httpx.RemoteProtocolError("x"), 0.5),
        (httpx.PoolTimeout("x"), None),
        (httpx.UnsupportedProtocol("x"), None),
        (ValueError("x"), None),
    ],
)
def test_what_is_made_again_and_when(
    answer: httpx.Response | Exception, wait: float | None
) -> None:
    assert waits([answer]) == [wait]


@pytest.mark.parametrize(
    ("sent", "again"),
    [
        *[(request(method), True) for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")],
        (request("POST", json={}), False),
        (request("PATCH", json={}), False),
        (request("POST", json={}, headers={"Idempotency-Key": "k-1"}), True),
        (request("PUT", json={"a": 1}), True),
        (request("PUT", content=iter([b"a", b"b"])), False),
        (request("PUT", files={"file": b"a"}), False),
    ],
)
def test_only_what_may_and_can_be_sent_twice(sent: httpx.Request, again: bool) -> None:
    assert (waits([answered(503)], sent=sent) != [None]) == again


@given(
    st.lists(
        st.one_of(st.none(), st.floats(0.01, 30)).map(
            lambda hint: answered(503, **({"retry_after": f"{hint:.2f}"} if hint else {}))
        ),
        max_size=8,
    ),
    st.integers(1, 6),
    st.floats(0, 1),
)
def test_no_more_is_waited_and_tried_than_the_rules_say(
    answers: list[httpx.Response], attempts: int, drawn: float
) -> None:
    rules = RetryRules(attempts=attempts, wait_budget=timedelta(seconds=12))
    made = []
    for wait in waits(list(answers), rules, drawn):
        if wait is None:
            break
        made.append(wait)
    assert len(made) < attempts
    assert sum(made) <= 12


def test_a_limit_is_passed_on_with_normalized_headers() -> None:
    rules = replace(RULES, rate_limited="pass_on")
    came = answered(429, x_ratelimit_limit="60", ratelimit='"a";r=0;t=7', retry_after="9")
    assert waits([came], rules) == [None]
    before = came.headers
    passed = retries(rules).passed_on(came)
    assert passed.headers["ratelimit-remaining"] == "0"
    assert passed.headers["ratelimit-reset"] == "9"
    assert passed.headers["retry-after"] == "9"
    assert "ratelimit-remaining" not in before
    assert waits([answered(503)], rules) == [0.5]


def test_other_answers_are_passed_on_as_they_came() -> None:
    for rules in (RULES, replace(RULES, rate_limited="pass_on")):
        came = answered(200, ratelimit='"a";r=0;t=7')
        before = came.headers
        assert retries(rules).passed_on(came).headers is before
    assert "ratelimit-reset" not in retries().passed_on(answered(429, retry_after="9")).headers


# --- over a transport ----------------------------------------------------------------------------


class Flaky(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers from a list."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.bodies: list[bytes] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.content)
        one = self.answers.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that knows whether it was closed."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"{}"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{}"

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


Calls = Callable[[Flaky], tuple[httpx.Response, list[float]]]


@pytest.fixture(params=["blocking", "asynchronous"])
def calls(
    request: pytest.FixtureRequest, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> Calls:
    """Put something through either transport; the answer, and what was waited."""
    recording = recorder(request.getfixturevalue("sink"), request.getfixturevalue("tmp_path"))
    slept: list[float] = []

    async def rest(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("integration_monitor.ingest.transport.sleep", slept.append)
    monkeypatch.setattr("anyio.sleep", rest)

    def blocking(inner: Flaky) -> httpx.Response:
        transport = MonitoredTransport("crm", inner, manifests="none", recorder=recording)
        transport._retries = retries()
        with httpx.Client(transport=transport) as client:
            return client.put(URL, json={"a": 1})

    async def asynchronous(inner: Flaky) -> httpx.Response:
        transport = AsyncMonitoredTransport("crm", inner, manifests="none", recorder=recording)
        transport._retries = retries()
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.put(URL, json={"a": 1})

    def call(inner: Flaky) -> tuple[httpx.Response, list[float]]:
        is_async = request.param == "asynchronous"
        try:
            response = asyncio.run(asynchronous(inner)) if is_async else blocking(inner)
        finally:
            recording.flush(10)
        return response, slept

    return call


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


def test_a_call_is_made_again_with_its_body_and_counts_once(calls: Calls, sink: MemorySink) -> None:
    first = Body()
    limited = httpx.Response(429, headers={"ratelimit": '"a";r=0;t=3'}, stream=first)
    inner = Flaky(limited, httpx.ConnectError("x"), httpx.Response(200, json={}))
    response, slept = calls(inner)
    assert response.status_code == 200
    assert slept == [3.0, 1.0]
    assert inner.bodies == [b'{"a":1}'] * 3
    assert first.closed
    assert sink.by("outcome") == {("ok",): 1}
    assert [one.remaining for one in sink.batches[0].rate_limits] == [0]


def test_the_last_answer_is_the_callers(calls: Calls, sink: MemorySink) -> None:
    response, slept = calls(Flaky(*[httpx.Response(503, json={"n": n}) for n in range(3)]))
    assert response.json() == {"n": 2}
    assert len(slept) == 2
    assert sink.by("outcome") == {("server",): 1}


def test_the_last_exception_is_the_callers(calls: Calls, sink: MemorySink) -> None:
    with pytest.raises(httpx.ReadTimeout, match="third"):
        calls(Flaky(*[httpx.ReadTimeout(text) for text in ("first", "second", "third")]))
    assert sink.by("outcome") == {("timeout",): 1}


def test_without_a_manifest_nothing_is_made_again(tmp_path: object, sink: MemorySink) -> None:
    inner = Flaky(httpx.Response(503))
    transport = MonitoredTransport("crm", inner, manifests="none")
    with httpx.Client(transport=transport) as client:
        assert client.get(URL).status_code == 503
