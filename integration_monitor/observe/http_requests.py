"""Asking a partner for one tenant: authenticated, and never anybody but this partner."""

from __future__ import annotations

import httpx

from integration_monitor.observe.authentication.protocol import Authentication
from integration_monitor.observe.body_errors import BodyErrors
from integration_monitor.observe.http_answers import (
    NOT_MODIFIED,
    Answer,
    Answered,
    document,
    failure,
    for_tenant,
)
from integration_monitor.observe.http_exchange import exchange, patiently
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError
from integration_monitor.observe.templates import Rendered

REDIRECTS = 3
_NO_ERRORS = BodyErrors()


class PartnerClient:
    """Reads from one partner for one tenant. Whatever it sends may be sent twice: it only reads."""

    def __init__(
        self, base_url: str, authentication: Authentication, tenant: str, reading: Reading
    ) -> None:
        self._base = base_url.rstrip("/")
        self._authentication = authentication
        self._whose = for_tenant(tenant)
        self._reading = reading
        self._origin = _origin(self._base)
        self._clock_offset: float | None = None
        self._sent: frozenset[str] = frozenset()
        """Credentials of the latest request, as they stood in it."""
        if self._origin is None:
            raise ReadError("config", "the partner's `base_url` is not an http(s) address")

    @property
    def clock_offset(self) -> float | None:
        """Seconds the partner's clock is ahead of ours; None before an answer told its `Date`."""
        return self._clock_offset

    def fetch(self, request: Rendered, errors: BodyErrors = _NO_ERRORS) -> Answered:
        """The JSON that the partner answers, and its headers; `errors` may find it a failure.

        Raises `ReadError` with method, path template, tenant and status in its message, and never
        a credential or the value of a parameter.
        """
        what = f"{request.method} {request.template}{self._whose}"
        answer = self._answer(request, what, errors)
        if answer.status == NOT_MODIFIED and "If-None-Match" in request.headers:
            return Answered(None, answer.headers, answer.url, unchanged=True)
        return Answered(document(answer, what), answer.headers, answer.url)

    def same_origin(self, url: str) -> bool:
        """Whether an absolute URL leads to this partner's host."""
        return _origin(url) == self._origin

    def _answer(self, request: Rendered, what: str, errors: BodyErrors) -> Answer:
        """With the credentials that are at hand, or once with new ones where they are refused."""
        self._authentication.prepare()
        try:
            return self._asked(request, what, errors)
        except ReadError as error:
            if error.kind != "auth" or not self._authentication.renew():
                raise
        return self._asked(request, what, errors)

    def _asked(self, request: Rendered, what: str, errors: BodyErrors) -> Answer:
        return patiently(
            self._reading,
            lambda: self._send(request, what),
            lambda answer: (
                errors.throttled(answer, what)
                or failure(answer, what)
                or errors.of(answer, what, self._sent)
            ),
        )

    def _send(self, request: Rendered, what: str) -> Answer:
        url, method = self._url(request.path, what), request.method
        for _ in range(REDIRECTS + 1):
            answer = self._exchange(request, method, url, what)
            location = answer.headers.get("location", "")
            if not (300 <= answer.status < 400 and location):
                return answer
            url = self._redirected(url, location, what)
            if method != "GET" and answer.status not in (307, 308):
                raise ReadError("config", f"{what} was redirected in a way that loses its body")
        raise ReadError("config", f"{what} was redirected more than {REDIRECTS} times")

    def _url(self, path: str, what: str) -> str:
        if not path.startswith(("http://", "https://")):
            return f"{self._base}/{path.lstrip('/')}"
        if not self.same_origin(path):
            raise ReadError("bad_response", f"{what}: its address is on another host")
        return path

    def _redirected(self, url: str, location: str, what: str) -> str:
        try:
            target = httpx.URL(url).join(location)
        except httpx.InvalidURL:
            raise ReadError("config", f"{what} was redirected to what is no address") from None
        if not self.same_origin(str(target)):
            raise ReadError(
                "config", f"{what} was redirected to another host, {target.host}, and not followed"
            )
        return str(target)

    def _exchange(self, request: Rendered, method: str, url: str, what: str) -> Answer:
        host = httpx.URL(url).netloc.decode("ascii", "replace")
        answer = exchange(
            self._reading, host, lambda: self._prepared(request, method, url, what), what
        )
        if answer.date is not None and self._clock_offset is None:
            self._clock_offset = (answer.date - self._reading.clock()).total_seconds()
        return answer

    def _prepared(self, request: Rendered, method: str, url: str, what: str) -> httpx.Request:
        try:
            target = httpx.URL(url)
            if request.query:
                target = target.copy_merge_params(httpx.QueryParams(dict(request.query)))  # type: ignore[arg-type]
            prepared = self._reading.http.build_request(
                method,
                target,
                json=request.body,
                headers={"accept": "application/json", **request.headers},
            )
            before = _values(prepared)
            self._authentication.sign(prepared)
            self._sent = _values(prepared) - before
        except (ValueError, TypeError, httpx.InvalidURL):
            # The exception's text may quote a credential.
            raise ReadError("config", f"{what} cannot be written as an HTTP request") from None
        return prepared


def _values(request: httpx.Request) -> frozenset[str]:
    """The values of headers and parameters, and the words of which they consist."""
    values = [*request.headers.values(), *request.url.params.values()]
    return frozenset(word for value in values for word in (value, *value.split()[1:]))


def _origin(url: str) -> tuple[str, str, int | None] | None:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        return None
    return parsed.scheme, parsed.host, parsed.port
