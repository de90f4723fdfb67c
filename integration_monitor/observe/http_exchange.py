"""One HTTP request and its answer, within the limits of a reading; and patience with failures."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from integration_monitor.observe.http_answers import Answer
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.retry_after import retry_after
from integration_monitor.observe.side import ReadError

ATTEMPTS = 4
LARGEST = 50 * 1024 * 1024
"""Bytes of a body, after it was unpacked."""
FIRST_BACKOFF = 0.5
"""Seconds; doubled with each attempt, then shortened by chance (full jitter)."""
RETRIED = ("network", "timeout", "server", "rate_limited")
_AS_IT_IS = httpx.Auth()
"""A user in an address that a partner gave must not replace our credentials."""


def open_client(timeout: timedelta) -> httpx.Client:
    """A client for all tenants of a measurement. It keeps no cookies, which would mix them up."""
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    return httpx.Client(verify=_trust(), timeout=timeout.total_seconds(), cookies=no_cookies)


@cache
def _trust() -> ssl.SSLContext:
    """Whose certificates are believed. Reading them takes longer than a short measurement."""
    return httpx.create_ssl_context()


def exchange(reading: Reading, host: str, build: Callable[[], httpx.Request], what: str) -> Answer:
    """Send a request, built when its host has a place for it, and read the answer to its end.

    Raises `ReadError`; `what` was requested.
    """
    with reading.hosts.slot(host, reading.deadline):
        reading.budget.take()
        return _Sending(reading, what).read(build())


def patiently(
    reading: Reading, attempt: Callable[[], Answer], failure: Callable[[Answer], ReadError | None]
) -> Answer:
    """The first answer that is no failure; a failure that may pass is tried again, later.

    Raises the last `ReadError`.
    """
    waited = 0.0
    for number in range(ATTEMPTS):
        try:
            answer = attempt()
            error = failure(answer)
            if error is None:
                return answer
            hint = retry_after(answer.headers, reading.clock())
        except ReadError as caught:
            error, hint = caught, None
        if error.kind not in RETRIED or number == ATTEMPTS - 1:
            raise error
        waited += _wait(reading, error, hint, number, waited)
    raise AssertionError("the last attempt returns or raises")


def _wait(
    reading: Reading, error: ReadError, hint: float | None, number: int, waited: float
) -> float:
    seconds = FIRST_BACKOFF * 2**number * reading.jitter() if hint is None else hint
    budget = reading.wait_budget.total_seconds()
    if waited + seconds > budget:
        asked = f"; it asks to wait {hint:g} s" if hint else ""
        raise ReadError(error.kind, f"{error}{asked}, over the wait budget of {budget:g} s")
    if seconds >= reading.deadline.remaining():
        raise error
    reading.sleep(seconds)
    return seconds


class _Sending:
    """A request under way, with the moment at which it is given up."""

    def __init__(self, reading: Reading, what: str) -> None:
        self._reading = reading
        self._what = what
        self._timeout = min(reading.request_timeout.total_seconds(), reading.deadline.remaining())
        self._ends = reading.monotonic() + self._timeout

    def read(self, request: httpx.Request) -> Answer:
        request.extensions["timeout"] = httpx.Timeout(self._timeout).as_dict()
        response: httpx.Response | None = None
        try:
            with unlogged():
                response = self._reading.http.send(
                    request, stream=True, follow_redirects=False, auth=_AS_IT_IS
                )
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                self._check(body)
            url = str(request.url)
            return Answer(response.status_code, dict(response.headers), bytes(body), url)
        except httpx.TimeoutException:
            raise self._late() from None
        except httpx.DecodingError:
            message = f"{self._what} answered what cannot be unpacked"
            raise ReadError("bad_response", message) from None
        except httpx.HTTPError as error:
            reason = str(error) if isinstance(error, httpx.ConnectError) else type(error).__name__
            raise ReadError("network", f"{self._what} failed: {reason}") from None
        finally:
            if response is not None:
                response.close()

    def _check(self, body: bytearray) -> None:
        if len(body) > LARGEST:
            size = LARGEST // 1024 // 1024
            raise ReadError("bad_response", f"{self._what} answered more than {size} MB")
        if self._reading.monotonic() > self._ends:
            raise self._late()

    def _late(self) -> ReadError:
        self._reading.deadline.remaining()
        seconds = self._reading.request_timeout.total_seconds()
        return ReadError("timeout", f"{self._what} was not answered within {seconds:g} s")


_quiet = threading.local()


class _Unlogged(logging.Filter):
    """httpx logs each URL with its query, where a credential may stand: not while we ask."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(_quiet, "asking", False)


logging.getLogger("httpx").addFilter(_Unlogged())


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep httpx from logging the requests that this thread sends meanwhile."""
    _quiet.asking = True
    try:
        yield
    finally:
        _quiet.asking = False
