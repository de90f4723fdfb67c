"""A sink over HTTP: each event a POST, signed by Standard Webhooks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import httpx
from standardwebhooks import Webhook

from integration_monitor.ingest.processing.attempts import Failure, Kind
from integration_monitor.ingest.processing.sink import Outgoing, SinkUnusable
from integration_monitor.manifest.domain import MissingReference, Reference
from integration_monitor.manifest.webhooks import HttpSink
from integration_monitor.observe.retry_after import retry_after

TIMEOUT_S = 10.0
AT_ONCE = 16
_MOST_BYTES = 65_536
_GONE = 410
_REFUSED = frozenset({400, 405, 406, 409, 411, 413, 414, 415, 422, 431})
"""Statuses about the request itself (RFC 9110 §15.5, RFC 6585): the same one fares no better.

What may be a matter of configuration or of a deployment (401, 403, 404) is trouble, as are 5xx.
"""


class OpenHttpSink:
    """Posts events, some at once. Standard Webhooks: `webhook-id` is the event's id."""

    batch = AT_ONCE

    def __init__(self, url: str, signing: Webhook | None) -> None:
        self._url = url
        self._signing = signing
        self._client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sink")

    def deliver(self, events: Sequence[Outgoing], now: datetime) -> list[Failure | None]:
        if len(events) == 1:
            return [self._post(events[0], now)]
        return list(self._pool.map(lambda event: self._post(event, now), events))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _post(self, outgoing: Outgoing, now: datetime) -> Failure | None:
        try:
            body = outgoing.event.as_json(superseded=outgoing.superseded)
        except (ValueError, RecursionError):
            return Failure("never", "it cannot be written as JSON")
        headers = self._headers(outgoing.event.id, body, now)
        try:
            with self._client.stream(
                "POST", self._url, content=body.encode(), headers=headers
            ) as response:
                _read_some(response)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Failure("trouble", _why(error))
        return _judged(response, now)

    def _headers(self, event_id: str, body: str, now: datetime) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
        }
        if self._signing is not None:
            headers["webhook-signature"] = self._signing.sign(event_id, now, body)
        return headers


def open_http_sink(sink: HttpSink, environ: Mapping[str, str]) -> OpenHttpSink:
    """Prepare a sink; connects at first use. Raises `SinkUnusable`."""
    try:
        url = sink.url.resolve(environ) if isinstance(sink.url, Reference) else sink.url
        signing = None if sink.secret is None else _signing(sink.secret, environ)
    except MissingReference as error:
        raise SinkUnusable(str(error)) from None
    if not _is_address(url):
        where = f" in {sink.url.env}" if isinstance(sink.url, Reference) else ""
        raise SinkUnusable(f"the address{where} is not valid: it must be http or https")
    return OpenHttpSink(url, signing)


def _is_address(url: str) -> bool:
    try:
        read = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return False
    return read.scheme in ("http", "https") and bool(read.host)


def _signing(secret: Reference, environ: Mapping[str, str]) -> Webhook:
    try:
        return Webhook(secret.resolve(environ))
    except MissingReference:
        raise
    except Exception:  # noqa: BLE001 - the package's own errors, and those of base64
        raise SinkUnusable(
            f"the secret in {secret.env} is not one of Standard Webhooks: base64, with or without"
            " whsec_ before it"
        ) from None


def _judged(response: httpx.Response, now: datetime) -> Failure | None:
    status = response.status_code
    if 200 <= status < 300:
        return None
    kind: Kind = "refused" if status in _REFUSED else "trouble"
    if status == _GONE:
        kind = "never"
    asked = retry_after(response.headers, now)
    wait = None if asked is None else timedelta(seconds=min(asked, 86_400.0))
    return Failure(kind, f"answered HTTP {status}", wait)


def _read_some(response: httpx.Response) -> None:
    """Read a short answer to its end, so that the connection can be used again.

    The status has said already what became of the event.
    """
    end, seen = time.monotonic() + TIMEOUT_S, 0
    with suppress(httpx.HTTPError):
        for chunk in response.iter_raw():
            seen += len(chunk)
            if seen > _MOST_BYTES or time.monotonic() > end:
                return


def _why(error: Exception) -> str:
    """In our words: those of the exception may hold the address."""
    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError():
            return "could not connect"
        case httpx.TimeoutException():
            return f"no answer within {TIMEOUT_S:g} s"
        case httpx.TransportError() if not isinstance(error, httpx.UnsupportedProtocol):
            return f"the connection broke ({type(error).__name__})"
        case _:
            return "its address is not valid"
