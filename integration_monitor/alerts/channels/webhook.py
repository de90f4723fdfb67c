"""An HTTP POST of the alert's JSON."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from integration_monitor.alerts.channels.channel import TIMEOUT, DeliveryError
from integration_monitor.manifest.domain import Channel, Reference
from integration_monitor.store.outbox import Queued


def send(channel: Channel, queued: Queued, environ: Mapping[str, str]) -> None:
    """POST the alert; any 2xx is a yes.

    The header `Idempotency-Key` is the same at every attempt, so a receiver can tell a repetition.
    """
    url = channel.url.resolve(environ)
    headers = {
        name: value.resolve(environ) if isinstance(value, Reference) else value
        for name, value in channel.headers.items()
    }
    headers["Idempotency-Key"] = queued.dedup_key
    try:
        # The answer's body is not read: it says nothing that we need, and may never end.
        with httpx.stream(
            "POST", url, json=dict(queued.alert), headers=headers, timeout=TIMEOUT,
            follow_redirects=False,
        ) as response:  # fmt: skip
            status = response.status_code
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise DeliveryError(_why(error)) from None
    if not 200 <= status < 300:
        raise DeliveryError(f"answered HTTP {status}")


def _why(error: Exception) -> str:
    """In our words: those of the exception may hold the address."""
    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError():
            return "could not connect"
        case httpx.TimeoutException():
            return f"no answer within {TIMEOUT:g} s"
        case httpx.TransportError() if not isinstance(error, httpx.UnsupportedProtocol):
            return f"the connection broke ({type(error).__name__})"
        case _:
            return "its address or a header is not valid"
