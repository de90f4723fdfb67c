"""A failure that a partner tells in the body of an answer, where the status does not say it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress

from integration_monitor.observe.http_answers import NOT_MODIFIED, Answer, document
from integration_monitor.observe.json_path import Path
from integration_monitor.observe.side import ErrorKind, ReadError

LONGEST = 200
"""Characters of a partner's own words that are quoted."""
_TOO_MANY = re.compile(r"throttl|rate.?limit|request.?limit|too many requests", re.IGNORECASE)
_REFUSED = 401
_LEAST_SECRET = 4
"""Shorter values are too common in any text to be taken for a credential."""


class BodyErrors:
    """What a side's `errors` finds in an answer; nothing where it is not declared."""

    def __init__(self, path: str | None = None, secrets: Iterable[str] = ()) -> None:
        self._path = Path(path) if path else None
        self._secrets = tuple(secrets)

    def of(self, answer: Answer, what: str, secrets: Iterable[str] = ()) -> ReadError | None:
        """The failure, quoted without any of the secrets; None for a success."""
        text = None if answer.status == NOT_MODIFIED else self._text(answer, what)
        if text is None:
            return None
        kind: ErrorKind = "rate_limited" if _TOO_MANY.search(text) else "bad_response"
        said = quoted(text, (*self._secrets, *secrets))
        return ReadError(kind, f"{what} answered 200 and an error: {said}")

    def throttled(self, answer: Answer, what: str) -> ReadError | None:
        """Throttling that is told with another status than 429, such as 403; else None."""
        if not 400 <= answer.status < 500 or answer.status == _REFUSED:
            return None
        with suppress(ReadError):
            if _TOO_MANY.search(self._text(answer, what) or ""):
                message = f"{what} answered {answer.status}: too many requests"
                return ReadError("rate_limited", message)
        return None

    def _text(self, answer: Answer, what: str) -> str | None:
        found = self._path.of(document(answer, what)) if self._path else None
        if not found:
            return None
        return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def quoted(text: str, secrets: Iterable[str]) -> str:
    """A partner's own words on one line, cut short, with credentials struck out."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _LEAST_SECRET:
            text = text.replace(secret, "…")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
