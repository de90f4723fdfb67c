"""What an answer says of its error: its code, its message, its request's id. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from integration_monitor.ingest.redaction import redacted
from integration_monitor.signals.call_outcome import ErrorClass

_BY_CODE: Mapping[ErrorClass, tuple[str, ...]] = {
    "needs_reauth": (
        "invalid_grant", "token_revoked", "account_inactive", "bad_refresh_token",
        "consent_required", "interaction_required",
    ),
    "auth_expired": (
        "invalid_token", "invalid_auth", "token_expired", "expired_token", "expired_access_token",
        "expired_authentication", "invalid_session_id",
    ),
    "scope_missing": (
        "insufficient_scope", "missing_scope", "missing_scopes", "access_token_scope_insufficient",
    ),
    "our_config": (
        "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
        "redirect_uri_mismatch",
    ),
    "rate_limited": (
        "throttled", "rate_limited", "rate_limit", "rate_limits", "rate_limit_exceeded",
        "user_rate_limit_exceeded", "too_many_requests",
    ),
    "quota_exhausted": (
        "request_limit_exceeded", "quota_exceeded", "daily_limit_exceeded", "daily",
    ),
    "conflict": ("lock_timeout", "unable_to_lock_row"),
}  # fmt: skip
"""Codes that mean one thing whoever says them: RFC 6749, RFC 6750, and vendors' own."""
_CLASSES = {code.replace("_", ""): name for name, codes in _BY_CODE.items() for code in codes}

_CODE_KEYS = ("code", "error", "errorCode", "error_code", "reason", "status", "category",
              "policyName", "type")  # fmt: skip
_MESSAGE_KEYS = ("message", "error_description", "errorMessage", "error_message", "detail",
                 "description", "msg", "error", "title")  # fmt: skip
_WITHIN = ("error", "errors", "extensions", "details")
_DEPTH = 4
_ITEMS = 5
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{1,63}")
_MEANINGLESS = frozenset({"error", "errors", "fail", "failed", "failure", "unknown", "ok"})
_CHALLENGE = re.compile(r'\berror\s*=\s*"?([A-Za-z_]{1,64})')
_REQUEST_IDS = (
    "x-request-id", "request-id", "x-correlation-id", "x-hubspot-correlation-id",
    "x-github-request-id", "x-zendesk-request-id", "xero-correlation-id", "x-slack-req-id",
    "x-sfdc-request-id", "x-amzn-requestid", "x-ms-request-id", "x-trace-id", "cf-ray",
)  # fmt: skip
_REQUEST_ID = re.compile(r"[A-Za-z0-9][\w.:+/=-]{0,127}", re.ASCII)


def class_of_code(code: str) -> ErrorClass | None:
    """The class of an error code, however it is spelt; None for one that means nothing here."""
    return _CLASSES.get(code.replace("_", "").replace("-", "").lower())


def told_codes(headers: Mapping[str, str], body: object) -> Iterator[str]:
    """The error codes of a failing answer: those of its challenge, then those of its body."""
    challenge = headers.get("www-authenticate")
    if challenge:
        yield from _CHALLENGE.findall(challenge[:1000])
    yield from codes_in(body)


def error_code_of(body: object, headers: Mapping[str, str] | None = None) -> str | None:
    """The first thing that looks like an error code, without anything secret; else None."""
    for code in told_codes(headers or {}, body):
        if code.lower() not in _MEANINGLESS and redacted(code) == code:
            return code
    return None


def message_of(body: object) -> str | None:
    """The partner's own words for an error, redacted; None where a body has none."""
    for part in _parts(body, _DEPTH):
        for key in _MESSAGE_KEYS:
            text = part.get(key)
            if isinstance(text, str) and text.strip() and text.lower() not in _MEANINGLESS:
                return redacted(text)
    return None


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """What a partner's support asks for; None where no header has it."""
    for name in _REQUEST_IDS:
        value = headers.get(name)
        if value and _REQUEST_ID.fullmatch(value.strip()):
            return value.strip()
    return None


def codes_in(body: object) -> Iterator[str]:
    """Whatever stands where partners put their codes, the outer ones first."""
    for part in _parts(body, _DEPTH):
        for key in _CODE_KEYS:
            value = part.get(key)
            if isinstance(value, str) and _CODE.fullmatch(value):
                yield value


def _parts(body: object, depth: int) -> Iterator[Mapping[str, object]]:
    """The mappings in which an error is told: the body and what it keeps its errors in."""
    if isinstance(body, list) and depth:
        for item in body[:_ITEMS]:
            yield from _parts(item, depth - 1)
    if isinstance(body, Mapping) and depth:
        yield body
        for key in _WITHIN:
            yield from _parts(body.get(key), depth - 1)
