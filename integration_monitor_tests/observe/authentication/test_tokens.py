"""The access tokens of a measurement, shared by threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from integration_monitor.observe.authentication.tokens import Token, Tokens
from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.side import ErrorKind, ReadError
from integration_monitor_tests.observe.readings import NOW


def now() -> datetime:
    return NOW


def soon() -> Deadline:
    return Deadline(timedelta(seconds=20))


class Endpoint:
    """Counts how often it is asked, and answers when it may."""

    def __init__(self, error: ErrorKind | None = None) -> None:
        self.asked = 0
        self.error = error
        self.may_answer = threading.Event()
        self.is_asked = threading.Event()

    def __call__(self) -> Token:
        self.asked += 1
        self.is_asked.set()
        assert self.may_answer.wait(20)
        if self.error:
            raise ReadError(self.error, "no token")
        return Token(f"token-{self.asked}")


def test_threads_that_need_a_token_at_once_fetch_it_once() -> None:
    tokens, endpoint = Tokens(), Endpoint()
    with ThreadPoolExecutor(8) as pool:
        futures = [
            pool.submit(tokens.get, "a", endpoint, now=now, deadline=soon()) for _ in range(8)
        ]
        endpoint.may_answer.set()
        assert {future.result().value for future in futures} == {"token-1"}


def test_threads_whose_token_is_refused_at_once_renew_it_once() -> None:
    tokens, endpoint = Tokens(), Endpoint()
    endpoint.may_answer.set()
    refused = tokens.get("a", endpoint, now=now, deadline=soon())
    with ThreadPoolExecutor(8) as pool:
        futures = [
            pool.submit(tokens.get, "a", endpoint, now=now, deadline=soon(), unlike=refused)
            for _ in range(8)
        ]
        assert {future.result().value for future in futures} == {"token-2"}


def test_one_that_is_fetched_holds_up_no_other() -> None:
    tokens, slow, quick = Tokens(), Endpoint(), Endpoint()
    quick.may_answer.set()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tokens.get, "slow", slow, now=now, deadline=soon())
        assert slow.is_asked.wait(20)
        assert tokens.get("quick", quick, now=now, deadline=soon()).value == "token-1"
        slow.may_answer.set()
        assert waiting.result().value == "token-1"


def test_who_waits_for_a_token_waits_until_the_deadline() -> None:
    tokens, slow = Tokens(), Endpoint()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tokens.get, "a", slow, now=now, deadline=soon())
        assert slow.is_asked.wait(20)
        with pytest.raises(ReadError) as caught:
            tokens.get("a", slow, now=now, deadline=Deadline(timedelta(seconds=0.05)))
        assert caught.value.kind == "deadline"
        slow.may_answer.set()
        waiting.result()
    assert slow.asked == 1


@pytest.mark.parametrize(
    ("error", "asked"), [("auth", 1), ("server", 1), ("timeout", 1), ("budget", 2), ("deadline", 2)]
)
def test_what_the_endpoint_said_is_kept(error: ErrorKind, asked: int) -> None:
    tokens, endpoint = Tokens(), Endpoint(error)
    endpoint.may_answer.set()
    for _ in range(2):
        with pytest.raises(ReadError, match="no token") as caught:
            tokens.get("a", endpoint, now=now, deadline=soon())
        assert caught.value.kind == error
    assert endpoint.asked == asked


def test_a_token_is_not_shown() -> None:
    assert "hush" not in repr(Token("hush"))
