"""What is answered to a partner, and how it is sent."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from integration_monitor.manifest.signature_scheme import Acknowledgement

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = tuple[tuple[bytes, bytes], ...]

_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_TEXT = ((b"content-type", b"text/plain; charset=utf-8"), _NO_SNIFFING)
_JSON = ((b"content-type", b"application/json"),)


@dataclass(frozen=True)
class Answer:
    """One answer, ready to be sent."""

    status: int
    body: bytes = b""
    headers: Headers = ()

    async def send(self, send: Send) -> None:
        """Send it; what is left of the request is not read."""
        # Made anew each time: whoever stands in front may add to them.
        headers = [*self.headers, (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


_TAKEN = Answer(200)


def acknowledged(wanted: Acknowledgement | None) -> Answer:
    """Of what was taken: 200, with what the partner wants to read in it."""
    if wanted is None:
        return _TAKEN
    headers = ((b"content-type", wanted.content_type.encode()), _NO_SNIFFING)
    return Answer(200, wanted.body.encode(), headers)


def text(said: str, *, status: int = 200) -> Answer:
    """Plain text, which no browser takes for a page."""
    return Answer(status, said.encode(errors="replace"), _TEXT)


def wrong(status: int, detail: str, *more: tuple[bytes, bytes], **fields: str) -> Answer:
    """An error, as the other routes say it: JSON with `detail`."""
    body = json.dumps({"detail": detail, **fields}).encode()
    return Answer(status, body, (*_JSON, *more))


def later(detail: str, *, seconds: int) -> Answer:
    """Nothing was acknowledged: the partner is to repeat it."""
    return wrong(503, detail, (b"retry-after", b"%d" % seconds))
