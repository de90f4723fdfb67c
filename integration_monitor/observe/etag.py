"""Asking whether a list has changed at all, by the `ETag` of its first page (RFC 9110 §13.1.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from integration_monitor.observe.http_answers import Answered
from integration_monitor.observe.side import Validator
from integration_monitor.observe.templates import Rendered


class Revalidation:
    """The first page of a list that comes newest first: whatever changes, changes it."""

    def __init__(self, fetch: Callable[[Rendered], Answered]) -> None:
        self.validator = Validator()
        self._fetch = fetch
        self._unchanged: bool | None = None

    def is_unchanged(self, first: Rendered) -> bool:
        """Whether the list is as it was when coverage was read. Asks once; raises `ReadError`."""
        etag = _etag_of(self.validator.known, first)
        if etag is None:
            return False
        if self._unchanged is None:
            headers = {**first.headers, "If-None-Match": etag}
            self._unchanged = self._fetch(replace(first, headers=headers)).unchanged
        if self._unchanged:
            self.validator.seen = self.validator.known
        return self._unchanged

    def saw(self, first: Rendered, answered: Answered) -> None:
        """The first page of a list that is now read."""
        etag = answered.headers.get("etag")
        self.validator.seen = f"{_digest(first)} {etag}" if etag else None

    def read_beyond(self) -> None:
        """The list has records that are younger than what coverage will stand for."""
        self.validator.seen = None


def _etag_of(known: str | None, first: Rendered) -> str | None:
    """The ETag, where it belongs to this very request."""
    digest, _, etag = (known or "").partition(" ")
    return etag if etag and digest == _digest(first) else None


def _digest(request: Rendered) -> str:
    asked = repr((request.method, request.path, sorted(request.query.items(), key=str)))
    return hashlib.sha256(asked.encode()).hexdigest()[:16]
