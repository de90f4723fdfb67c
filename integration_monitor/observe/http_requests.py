"""Asking a partner: with a deadline, a budget, a place per host, and patience within bounds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from integration_monitor.manifest.domain import SINGLE
from integration_monitor.observe.http_answers import Answer, document, failure
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.retry_after import retry_after
from integration_monitor.observe.side import ReadError
from integration_monitor.observe.templates import Rendered

ATTEMPTS = 4
REDIRECTS = 3
LARGEST = 50 * 1024 * 1024
"""Bytes of a body, after it was unpacked."""
FIRST_BACKOFF = 0.5
"""Seconds; doubled with each attempt, then shortened by chance (full jitter)."""
RETRIED = ("network", "timeout", "server", "rate_limited")


class PartnerClient:
    """Reads from one partner for one tenant. Whatever it sends may be sent twice: it only reads."""

    def __init__(
        self, base_url: str, headers: Mapping[str, str], tenant: str, reading: Reading
    ) -> None:
        self._base = base_url.rstrip("/")
        self._headers = headers
        self._tenant = tenant
        self._reading = reading
        self._origin = _origin(self._base)
        self._clock_offset: float | None = None
        if self._origin is None:
            raise ReadError("config", "the partner's `base_url` is not an http(s) address")

    @property
    def clock_offset(self) -> float | None:
        """Seconds the partner's clock is ahead of ours; None before an answer told its `Date`."""
        return self._clock_offset

    def fetch(self, request: Rendered) -> object:
        """The JSON that the partner answers.

        Raises `ReadError` with method, path template, tenant and status in its message, and never
        a credential or the value of a parameter.
        """
        whose = "" if self._tenant == SINGLE else f" for tenant {self._tenant}"
        what = f"{request.method} {request.template}{whose}"
        waited = 0.0
        for attempt in range(ATTEMPTS):
            try:
                answer = self._send(request, what)
                error = failure(answer, what)
                if error is None:
                    return document(answer, what)
                hint = retry_after(answer.headers, self._reading.clock())
            except ReadError as caught:
                error, hint = caught, None
            if error.kind not in RETRIED or attempt == ATTEMPTS - 1:
                raise error
            waited += self._wait(error, hint, attempt, waited)
        raise AssertionError("the last attempt returns or raises")

    def same_origin(self, url: str) -> bool:
        """Whether an absolute URL leads to this partner's host."""
        return _origin(url) == self._origin

    def _wait(self, error: ReadError, hint: float | None, attempt: int, waited: float) -> float:
        reading = self._reading
        seconds = FIRST_BACKOFF * 2**attempt * reading.jitter() if hint is None else hint
        budget = reading.wait_budget.total_seconds()
        if waited + seconds > budget:
            asked = f"; it asks to wait {hint:g} s" if hint else ""
            raise ReadError(error.kind, f"{error}{asked}, over the wait budget of {budget:g} s")
        if seconds >= reading.deadline.remaining():
            raise error
        reading.sleep(seconds)
        return seconds

    def _send(self, request: Rendered, what: str) -> Answer:
        url, method = self._url(request.path), request.method
        for _ in range(REDIRECTS + 1):
            answer = self._exchange(request, method, url, what)
            location = answer.headers.get("location", "")
            if not (300 <= answer.status < 400 and location):
                return answer
            url = self._redirected(url, location, what)
            if method != "GET" and answer.status not in (307, 308):
                raise ReadError("config", f"{what} was redirected in a way that loses its body")
        raise ReadError("config", f"{what} was redirected more than {REDIRECTS} times")

    def _url(self, path: str) -> str:
        if path.startswith(("http://", "https://")):
            return path
        return f"{self._base}/{path.lstrip('/')}"

    def _redirected(self, url: str, location: str, what: str) -> str:
        target = str(httpx.URL(url).join(location))
        if not self.same_origin(target):
            host = urlsplit(target).hostname
            raise ReadError(
                "config", f"{what} was redirected to another host, {host}, and not followed"
            )
        return target

    def _exchange(self, request: Rendered, method: str, url: str, what: str) -> Answer:
        reading = self._reading
        host = httpx.URL(url).netloc.decode("ascii", "replace")
        with reading.hosts.slot(host, reading.deadline):
            reading.budget.take()
            prepared = self._prepared(request, method, url, what)
            answer = self._read(prepared, what)
        if answer.date is not None and self._clock_offset is None:
            self._clock_offset = (answer.date - reading.clock()).total_seconds()
        return answer

    def _prepared(self, request: Rendered, method: str, url: str, what: str) -> httpx.Request:
        try:
            target = httpx.URL(url)
            if request.query:
                target = target.copy_merge_params(httpx.QueryParams(dict(request.query)))  # type: ignore[arg-type]
            headers = {"accept": "application/json", **self._headers, **request.headers}
            return self._reading.http.build_request(
                method, target, json=request.body, headers=headers, timeout=self._timeout()
            )
        except (ValueError, TypeError, httpx.InvalidURL):
            # The exception's text may quote a credential.
            raise ReadError("config", f"{what} cannot be written as an HTTP request") from None

    def _timeout(self) -> float:
        reading = self._reading
        return min(reading.request_timeout.total_seconds(), reading.deadline.remaining())

    def _read(self, request: httpx.Request, what: str) -> Answer:
        ends = self._reading.monotonic() + self._timeout()
        response: httpx.Response | None = None
        try:
            with _silent():
                response = self._reading.http.send(request, stream=True, follow_redirects=False)
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                self._check(body, ends, what)
            return Answer(response.status_code, dict(response.headers), bytes(body))
        except httpx.TimeoutException:
            raise self._late(what) from None
        except httpx.DecodingError:
            raise ReadError("bad_response", f"{what} answered what cannot be unpacked") from None
        except httpx.HTTPError as error:
            reason = str(error) if isinstance(error, httpx.ConnectError) else type(error).__name__
            raise ReadError("network", f"{what} failed: {reason}") from None
        finally:
            if response is not None:
                response.close()

    def _check(self, body: bytearray, ends: float, what: str) -> None:
        if len(body) > LARGEST:
            size = LARGEST // 1024 // 1024
            raise ReadError("bad_response", f"{what} answered more than {size} MB")
        if self._reading.monotonic() > ends:
            raise self._late(what)

    def _late(self, what: str) -> ReadError:
        self._reading.deadline.remaining()
        seconds = self._reading.request_timeout.total_seconds()
        return ReadError("timeout", f"{what} was not answered within {seconds:g} s")


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


_quiet = threading.local()


class _Unlogged(logging.Filter):
    """httpx logs each URL with its query, where a credential may stand: not while we ask."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(_quiet, "asking", False)


logging.getLogger("httpx").addFilter(_Unlogged())


@contextmanager
def _silent() -> Iterator[None]:
    _quiet.asking = True
    try:
        yield
    finally:
        _quiet.asking = False
