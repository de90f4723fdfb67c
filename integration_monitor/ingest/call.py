"""One call, from when it is made until its answer was read."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from integration_monitor.ingest.watched_streams import watched, watched_async

if TYPE_CHECKING:
    import httpx

    from integration_monitor.ingest.watch import Watch

_FIRST = 64
"""Bytes of a body's beginning that are looked at."""
_ENDLESS = b"text/event-stream"


class Call:
    """Notices what becomes of a call, and tells it to `watch` once. Never raises.

    Its latency is the time that the caller waited: for the answer, retries included, and for each
    piece of its body; not the time that the caller took to work on the pieces.
    """

    __slots__ = (
        "_began",
        "_body",
        "_done",
        "_most",
        "_size",
        "_watch",
        "endpoint",
        "first",
        "head",
        "headers",
        "is_read",
        "is_sampled",
        "is_success",
        "request",
        "status",
        "tenant",
        "waited",
    )

    def __init__(self, watch: Watch, request: httpx.Request, endpoint: str, tenant: str) -> None:
        self._began = perf_counter()
        self._watch = watch
        self._body: list[bytes] = []
        self._size = 0
        self._most = 0
        self._done = False
        self.request = request
        self.endpoint = endpoint
        self.tenant = tenant
        self.status = 0
        self.headers: httpx.Headers = request.headers
        self.head: dict[bytes, bytes] = {}
        """The answer's headers by their names in lower case: to ask `headers` takes longer."""
        self.first = b""
        self.is_read = False
        """Whether the body had been read, and unpacked, before it came here."""
        self.is_sampled = False
        self.is_success = False
        self.waited = 0.0
        """Seconds."""

    @property
    def body(self) -> bytes | None:
        """The body as it came; None where it was not looked at, or not read to its end."""
        return b"".join(self._body) if self._most else None

    @property
    def coding(self) -> str | None:
        """The body's content coding, where it has still one."""
        coding = self.head.get(b"content-encoding") if not self.is_read else None
        return coding.decode("latin-1") if coding else None

    def answered(self, response: httpx.Response, *, is_async: bool = False) -> None:
        """The partner has answered; the body may be still to come."""
        self.waited = perf_counter() - self._began
        try:
            self._answered(response, is_async)
        except Exception:  # noqa: BLE001 - watching a call never breaks it
            self._troubled()

    def repeated(self, response: httpx.Response) -> None:
        """The partner has answered, but the call is made again: only its headers count."""
        try:
            names = {name.lower() for name, _ in response.headers.raw}
            self._watch.listen(self, names, response.headers)
        except Exception:  # noqa: BLE001 - watching a call never breaks it
            self._watch.tell()

    def broke(self, error: BaseException) -> None:
        """There was no answer, or not all of its body."""
        if self._done:
            return
        self._done = True
        if not self.status:
            self.waited = perf_counter() - self._began
        try:
            self._watch.broke(self, error)
        except Exception:  # noqa: BLE001 - watching a call never breaks it
            self._watch.troubled()

    def passed(self, piece: bytes, waited: float) -> None:
        """A piece of the body passes, for which the caller waited so many seconds."""
        self.waited += waited
        if piece and not self._done:
            if not self.first:
                self.first = piece[:_FIRST]
            if self._most:
                self._keep(piece)

    def ended(self, waited: float) -> None:
        """The body was read to its end, for which the caller waited so many seconds."""
        if self._done:
            return
        self._done = True
        self.waited += waited
        try:
            self._watch.answered(self)
        except Exception:  # noqa: BLE001 - watching a call never breaks it
            self._watch.troubled()

    def closed(self) -> None:
        """Nobody reads on: what was kept of the body is not all of it, if it had not ended."""
        if not self._done:
            self._most = 0
            self.ended(0.0)

    def _answered(self, response: httpx.Response, is_async: bool) -> None:
        self.status = response.status_code
        self.is_success = 200 <= self.status < 300
        self.headers = response.headers
        self.head = {name.lower(): value for name, value in self.headers.raw}
        self._most = self._watch.heard(self)
        if response.is_stream_consumed:
            self.is_read = True
            self.passed(response.content, 0.0)
            self.ended(0.0)
        elif self.head.get(b"content-type", b"").startswith(_ENDLESS):
            self.closed()
        else:
            replace = watched_async if is_async else watched
            response.stream = replace(response.stream, self)

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._most:
            self._most = 0
            self._body.clear()
        else:
            self._body.append(piece)

    def _troubled(self) -> None:
        if not self._done:
            self._done = True
            self._watch.troubled()
