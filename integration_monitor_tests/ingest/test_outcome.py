"""Answers and exceptions as classes of the taxonomy."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from datetime import timedelta
from typing import Any

import httpx
import pytest
from authlib.integrations.base_client.errors import OAuthError
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.ingest.outcome import outcome_of_answer, outcome_of_error
from integration_monitor.ingest.rate_limit import Limit
from integration_monitor.manifest.calls import ErrorIn200
from integration_monitor.signals.call_outcome import ERROR_CLASSES

JSON = {"content-type": "application/json; charset=utf-8"}
HTML = {"content-type": "text/html; charset=utf-8"}
BUDGET = timedelta(seconds=10)
SLACK = ErrorIn200("!ok", "error", {"missing_scope": "scope_missing", "fatal_error": "server"})
GRAPHQL = ErrorIn200("errors", "errors[].extensions.code", {"FORBIDDEN": "permission"})


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *[(status, "ok") for status in (200, 201, 202, 204, 206, 304)],
        *[(status, "our_config") for status in (301, 302, 307, 308, 407)],
        *[(status, "bad_request") for status in (400, 405, 406, 413, 415, 418, 422, 431)],
        (401, "auth_expired"),
        *[(status, "permission") for status in (402, 403, 451)],
        *[(status, "not_found") for status in (404, 410)],
        *[(status, "conflict") for status in (409, 412, 423, 425)],
        (429, "rate_limited"),
        *[(status, "server") for status in (408, 500, 501, 502, 503, 504, 520, 529, 599, 999)],
        *[(status, "bad_response") for status in (-1, 0, 103)],
    ],
)
def test_the_status_alone(status: int, outcome: str) -> None:
    assert outcome_of_answer(status, {}) == outcome


@pytest.mark.parametrize(
    ("headers", "first", "outcome"),
    [
        (JSON, b"{", "ok"),
        (JSON, b"[", "ok"),
        (JSON, b'\r\n {"a"', "ok"),
        (JSON, b"\xef\xbb\xbf{", "ok"),
        (JSON, b"null", "ok"),
        (JSON, b"", "ok"),
        (JSON, b"<!doctype html>", "bad_response"),
        (JSON, b"Service temporarily unavailable", "bad_response"),
        ({"content-type": "application/hal+json"}, b"<", "bad_response"),
        (HTML, b"<", "bad_response"),
        (HTML, b"\n<html>", "bad_response"),
        (HTML, b"", "bad_response"),
        ({"content-type": "application/xhtml+xml"}, b"<", "bad_response"),
        ({**HTML, "content-length": "0"}, b"", "ok"),
        ({}, b"<html", "bad_response"),
        ({"content-type": "text/plain;charset=utf-8"}, b"<", "bad_response"),
        ({"content-type": "text/plain"}, b"pong", "ok"),
        ({"content-type": "application/xml"}, b"<", "ok"),
        ({"content-type": "text/csv"}, b"id", "ok"),
        ({"content-type": "application/pdf"}, b"%PDF", "ok"),
        ({**JSON, "content-encoding": "gzip"}, b"\x1f\x8b", "ok"),
        ({**JSON, "content-encoding": "br"}, b"<", "ok"),
        ({**HTML, "content-encoding": "gzip"}, b"\x1f\x8b", "bad_response"),
    ],
)
def test_a_success_by_its_type_and_first_byte(
    headers: dict[str, str], first: bytes, outcome: str
) -> None:
    assert outcome_of_answer(200, headers, first=first) == outcome
    assert outcome_of_answer(200, httpx.Headers(headers), first=first) == outcome
    assert outcome_of_answer(200, headers, first=first, expects_json=False) == "ok"
    assert outcome_of_answer(204, headers, first=first) == "ok"


@pytest.mark.parametrize(
    ("status", "headers", "body", "outcome"),
    [
        (400, {}, {"error": "invalid_grant"}, "needs_reauth"),
        (401, {}, {"error": "invalid_client"}, "our_config"),
        (400, {}, {"error": "unauthorized_client"}, "our_config"),
        (400, {}, {"error": "unsupported_grant_type"}, "our_config"),
        (400, {}, {"error": "invalid_scope"}, "our_config"),
        (400, {}, {"error": "invalid_request"}, "bad_request"),
        (400, {}, {"status": "BAD_REFRESH_TOKEN", "message": "x"}, "needs_reauth"),
        (503, {}, {"error": "invalid_grant"}, "server"),
        (429, {}, {"error": "invalid_grant"}, "rate_limited"),
        (401, {"www-authenticate": 'Bearer error="invalid_token"'}, None, "auth_expired"),
        (403, {"www-authenticate": 'Bearer realm="x", error="insufficient_scope", scope="a"'},
         None, "scope_missing"),
        (403, {"www-authenticate": "Basic"}, None, "permission"),
        (403, {}, {"category": "MISSING_SCOPES"}, "scope_missing"),
        (403, {}, {"error": {"status": "PERMISSION_DENIED", "details": [
            {"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}, "scope_missing"),
        (403, {}, {"error": {"code": 403, "errors": [{"reason": "userRateLimitExceeded"}]}},
         "rate_limited"),
        (403, {}, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}], "quota_exhausted"),
        (401, {}, [{"errorCode": "INVALID_SESSION_ID"}], "auth_expired"),
        (403, {"x-ratelimit-remaining": "0"}, None, "rate_limited"),
        (403, {"retry-after": "2"}, None, "rate_limited"),
        (403, {"x-ratelimit-remaining": "12"}, None, "permission"),
        (429, {"retry-after": "9"}, None, "rate_limited"),
        (429, {"retry-after": "2.0"}, None, "rate_limited"),
        (429, {"retry-after": "11"}, None, "quota_exhausted"),
        (429, {"retry-after": "0"}, None, "rate_limited"),
        (429, {"retry-after": "tomorrow"}, None, "rate_limited"),
        (429, {"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT",
               "date": "Sun, 01 Mar 2026 12:00:00 GMT"}, None, "quota_exhausted"),
        (429, {"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, None, "rate_limited"),
        (429, {}, {"policyName": "DAILY"}, "quota_exhausted"),
        (429, {}, {"error": {"code": "lock_timeout"}}, "conflict"),
        (400, {}, [{"errorCode": "UNABLE_TO_LOCK_ROW"}], "conflict"),
        (500, {}, [{"errorCode": "UNABLE_TO_LOCK_ROW"}], "conflict"),
        (503, {"retry-after": "60"}, None, "server"),
        (422, {}, {"errors": [{"code": "INVALID_EMAIL"}]}, "bad_request"),
        (422, {}, "not even a mapping", "bad_request"),
    ],
)  # fmt: skip
def test_a_failure_by_what_it_says(
    status: int, headers: dict[str, str], body: object, outcome: str
) -> None:
    assert outcome_of_answer(status, headers, body=body, wait_budget=BUDGET) == outcome


@pytest.mark.parametrize(
    ("rule", "body", "outcome"),
    [
        (None, {"data": {"a": 1}}, "ok"),
        (None, {"errors": [{"extensions": {"code": "THROTTLED"}}]}, "rate_limited"),
        (None, {"data": None, "errors": [{"extensions": {"code": "THROTTLED"}}]}, "rate_limited"),
        (None, {"data": {"a": 1}, "errors": [{"extensions": {"code": "THROTTLED"}}]}, "ok"),
        (None, {"status": "throttled"}, "ok"),
        (None, {"errors": [{"message": "no such field"}]}, "ok"),
        (GRAPHQL, {"errors": [{"extensions": {"code": "THROTTLED"}}]}, "rate_limited"),
        (GRAPHQL, {"errors": [{"extensions": {"code": "FORBIDDEN"}}]}, "permission"),
        (GRAPHQL, {"errors": [{"message": "no such field"}]}, "bad_response"),
        (GRAPHQL, {"errors": []}, "ok"),
        (GRAPHQL, {"errors": None, "data": {}}, "ok"),
        (GRAPHQL, {"data": {}}, "ok"),
        (GRAPHQL, [1, 2], "ok"),
        (SLACK, {"ok": True, "warning": "missing_charset"}, "ok"),
        (SLACK, {"ok": False, "error": "missing_scope"}, "scope_missing"),
        (SLACK, {"ok": False, "error": "fatal_error"}, "server"),
        (SLACK, {"ok": False, "error": "ratelimited"}, "rate_limited"),
        (SLACK, {"ok": False, "error": "token_revoked"}, "needs_reauth"),
        (SLACK, {"ok": False, "error": "channel_not_found"}, "bad_response"),
        (SLACK, {"ok": False}, "bad_response"),
        (ErrorIn200("errcode", None, {"40001": "auth_expired"}), {"errcode": 0}, "ok"),
        (ErrorIn200("errcode", None, {"40001": "auth_expired"}), {"errcode": 40001},
         "auth_expired"),
        (ErrorIn200("length(errors)"), {"a": 1}, "ok"),
    ],
)  # fmt: skip
def test_an_error_inside_a_200(rule: ErrorIn200 | None, body: object, outcome: str) -> None:
    assert outcome_of_answer(200, JSON, first=b"{", body=body, error_in_200=rule) == outcome


@pytest.mark.parametrize(
    ("limits", "headers", "outcome"),
    [
        ([Limit("burst", 100, 0, 3.0)], {}, "rate_limited"),
        ([Limit("burst", 100, 0, 3.0)], {"retry-after": "11"}, "quota_exhausted"),
        ([Limit("core", 5000, 0, 1800.0)], {}, "quota_exhausted"),
        ([Limit("core", 5000, 0, 1800.0)], {"retry-after": "2"}, "rate_limited"),
        ([Limit("core", 5000, 12, 1800.0)], {}, "rate_limited"),
        ([Limit("daily", 250_000, 0)], {"retry-after": "2"}, "quota_exhausted"),
        ([Limit("a", 5, 0, None, 86_400.0)], {}, "quota_exhausted"),
    ],
)
def test_a_limit_that_is_soon_over_and_a_quota(
    limits: list[Limit], headers: dict[str, str], outcome: str
) -> None:
    assert outcome_of_answer(429, headers, limits=limits, wait_budget=BUDGET) == outcome


def _json_error() -> Exception:
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("<")
    return caught.value


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError("[Errno -2] Name or service not known"), "network"),
        (httpx.ConnectTimeout(""), "network"),
        (httpx.ReadError(""), "network"),
        (httpx.WriteError(""), "network"),
        (httpx.CloseError(""), "network"),
        (httpx.RemoteProtocolError("Server disconnected"), "network"),
        (httpx.ReadTimeout(""), "timeout"),
        (httpx.WriteTimeout(""), "timeout"),
        (httpx.PoolTimeout(""), "timeout"),
        (httpx.ProxyError(""), "our_config"),
        (httpx.LocalProtocolError("Illegal header value"), "our_config"),
        (httpx.UnsupportedProtocol(""), "our_config"),
        (httpx.TooManyRedirects(""), "our_config"),
        (httpx.InvalidURL(""), "our_config"),
        (httpx.DecodingError(""), "bad_response"),
        (_json_error(), "bad_response"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, ""), "bad_response"),
        (socket.gaierror(), "network"),
        (ssl.SSLCertVerificationError(), "network"),
        (ConnectionResetError(), "network"),
        (TimeoutError(), "timeout"),
        (asyncio.CancelledError(), "timeout"),
        (OAuthError("invalid_grant"), "needs_reauth"),
        (OAuthError("invalid_client"), "our_config"),
        (_caused(RuntimeError("retries exhausted"), httpx.ReadTimeout("")), "timeout"),
        (RuntimeError(""), "our_config"),
        (KeyboardInterrupt(), "our_config"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else value,
)
def test_an_exception(error: BaseException, outcome: str) -> None:
    assert outcome_of_error(error) == outcome


@pytest.mark.parametrize("name", ["ConnectError", "ReadTimeout", "RemoteProtocolError"])
def test_the_exceptions_of_another_library_with_the_same_names(name: str) -> None:
    kinds: dict[str, Any] = {"ReadTimeout": "TimeoutException", "ConnectError": "NetworkError"}
    parent = type(kinds.get(name, "Exception"), (Exception,), {})
    expected = "timeout" if name == "ReadTimeout" else "network"
    assert outcome_of_error(type(name, (parent,), {})()) == expected


HEADERS = st.dictionaries(
    st.sampled_from(
        ["content-type", "content-length", "content-encoding", "retry-after", "date",
         "www-authenticate", "x-ratelimit-remaining"]
    ),
    st.text(max_size=60),
)  # fmt: skip
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "code", "message", "extensions", "data"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.integers(-1, 1000), HEADERS, st.binary(max_size=8), ANY_JSON, st.booleans())
def test_any_answer_has_a_class(
    status: int, headers: dict[str, str], first: bytes, body: object, declared: bool
) -> None:
    rule = GRAPHQL if declared else None
    found = outcome_of_answer(
        status, headers, first=first, body=body, error_in_200=rule, wait_budget=BUDGET
    )
    assert found in {"ok", *ERROR_CLASSES}
    assert (200 <= status < 300 or status == 304) or found != "ok"
