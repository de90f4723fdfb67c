"""What an HTTP answer means: a document, or an error in words that hold no secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integration_monitor.manifest.domain import SINGLE
from integration_monitor.observe.retry_after import response_date
from integration_monitor.observe.side import ErrorKind, ReadError

NOT_MODIFIED = 304
_KINDS: Mapping[int, tuple[ErrorKind, str]] = {
    401: ("auth", "the credentials are not accepted"),
    403: ("permission", "the account may not read this"),
    404: ("not_found", "there is nothing at this address"),
    408: ("server", "the partner gave up waiting"),
    410: ("not_found", "it is gone for good"),
    429: ("rate_limited", "too many requests"),
}


@dataclass(frozen=True)
class Answer:
    """A response that was read to its end."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """With names in lower case."""
    body: bytes = field(repr=False)
    url: str = field(default="", repr=False)
    """That was asked in the end, after redirects."""

    @property
    def date(self) -> datetime | None:
        """The partner's clock."""
        return response_date(self.headers)


def for_tenant(tenant: str) -> str:
    """` for tenant acme`, in messages; nothing where there is a single account."""
    return "" if tenant == SINGLE else f" for tenant {tenant}"


@dataclass(frozen=True)
class Answered:
    """A success: its JSON, its headers with names in lower case, and the URL that gave it."""

    document: object = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str = field(default="", repr=False)
    unchanged: bool = False
    """304: it is as it was when its ETag was given, and has no document."""


def failure(answer: Answer, what: str) -> ReadError | None:
    """The error an answer's status stands for; None for a success. `what` was requested."""
    if 200 <= answer.status < 300 or answer.status == NOT_MODIFIED:
        return None
    kind, reason = _meaning(answer)
    return ReadError(kind, f"{what} answered {answer.status}: {reason}")


def document(answer: Answer, what: str) -> object:
    """The JSON of a successful answer. Raises `ReadError` of kind `bad_response`."""
    try:
        parsed: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise ReadError(
            "bad_response", f"{what} answered {answer.status} with {_instead(answer)}"
        ) from None
    return parsed


def _instead(answer: Answer) -> str:
    if _is_xml(answer):
        return "XML, which is not read by this monitor: it reads JSON"
    reason = "HTML" if _is_html(answer) else "broken JSON" if answer.body else "nothing"
    return f"{reason} where JSON was expected"


def _meaning(answer: Answer) -> tuple[ErrorKind, str]:
    if answer.status == 403 and _is_rate_limit(answer.headers):
        return "rate_limited", "too many requests"
    if answer.status in _KINDS:
        return _KINDS[answer.status]
    if answer.status >= 500:
        return "server", "the partner has a problem"
    if 300 <= answer.status < 400:
        return "config", "a redirect that is not followed"
    return "bad_request", "the partner does not understand the request"


def _is_rate_limit(headers: Mapping[str, str]) -> bool:
    """GitHub says 403 for its rate limits, with these marks."""
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"


def _is_xml(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "").lower()
    return ("xml" in kind and "html" not in kind) or answer.body.lstrip()[:5] == b"<?xml"


def _is_html(answer: Answer) -> bool:
    return "html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<"
