"""Codes, messages and request ids as partners write them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given

from integration_monitor.ingest.error_details import (
    class_of_code,
    error_code_of,
    message_of,
    request_id_of,
)
from integration_monitor_tests.ingest.test_outcome import ANY_JSON

HUBSPOT = {
    "status": "error",
    "message": "Property values were not valid",
    "category": "VALIDATION_ERROR",
    "errors": [{"message": "Email address jane@example.com is invalid", "code": "INVALID_EMAIL"}],
}
GOOGLE = {
    "error": {"code": 403, "message": "The caller does not have permission",
              "status": "PERMISSION_DENIED"}
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (HUBSPOT, "VALIDATION_ERROR", "Property values were not valid"),
        (GOOGLE, "PERMISSION_DENIED", "The caller does not have permission"),
        ({"error": {"code": "parameter_missing", "type": "invalid_request_error",
                    "message": "Missing required param: amount."}},
         "parameter_missing", "Missing required param: amount."),
        ([{"errorCode": "REQUIRED_FIELD_MISSING", "message": "Required: [Name]"}],
         "REQUIRED_FIELD_MISSING", "Required: [Name]"),
        ({"ok": False, "error": "channel_not_found"}, "channel_not_found", "channel_not_found"),
        ({"error": "invalid_grant", "error_description": "expired authorization code"},
         "invalid_grant", "expired authorization code"),
        ({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]},
         "THROTTLED", "Throttled"),
        ({"error": "Email has already been taken"}, None, "Email has already been taken"),
        ({"errors": ["one", "two"]}, None, None),
        ({"type": "https://example.com/probs/no-credit", "title": "No credit", "detail": "Balance"},
         None, "Balance"),
        ({"error": {"code": "ghp_16C7e42F292c6912E7710c838347Ae178B4a"}}, None, None),
        ({"message": "the token for jane@example.com is bad"}, None, "the token for … is bad"),
        ({}, None, None),
        ("text", None, None),
        (None, None, None),
    ],
)  # fmt: skip
def test_code_and_message(body: Any, code: str | None, message: str | None) -> None:
    assert error_code_of(body) == code
    assert message_of(body) == message


@pytest.mark.parametrize(
    ("challenge", "code"),
    [
        ('Bearer realm="x", error="invalid_token", error_description="y"', "invalid_token"),
        ("Bearer error=insufficient_scope", "insufficient_scope"),
        ("Bearer", None),
        ('Bearer error=""', None),
        ("Bearer error_description=invalid_token", None),
    ],
)
def test_the_code_of_a_challenge(challenge: str, code: str | None) -> None:
    assert error_code_of(None, {"www-authenticate": challenge}) == code


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("THROTTLED", "rate_limited"),
        ("ratelimited", "rate_limited"),
        ("rate-limit-exceeded", "rate_limited"),
        ("invalidGrant", "needs_reauth"),
        ("error", None),
        ("", None),
    ],
)
def test_a_code_means_the_same_however_it_is_spelt(code: str, meaning: str | None) -> None:
    assert class_of_code(code) == meaning


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"X-Request-Id": "abc-123"}, "abc-123"),
        ({"Request-Id": "req_1"}, "req_1"),
        ({"X-GitHub-Request-Id": "C0DE:1:2:3:4"}, "C0DE:1:2:3:4"),
        ({"X-HubSpot-Correlation-Id": "019a-b"}, "019a-b"),
        ({"CF-Ray": "8a1b-FRA", "X-Request-Id": "abc"}, "abc"),
        ({"X-Request-Id": "two words", "CF-Ray": "8a1b-FRA"}, "8a1b-FRA"),
        ({"X-Request-Id": "jane@example.com"}, None),
        ({"X-Request-Id": "x" * 129}, None),
        ({"X-Request-Id": ""}, None),
        ({}, None),
    ],
)
def test_the_id_that_a_partners_support_asks_for(headers: dict[str, str], found: str) -> None:
    assert request_id_of(httpx.Headers(headers)) == found


@given(ANY_JSON)
def test_any_body_is_read_without_harm(body: Any) -> None:
    code, message = error_code_of(body), message_of(body)
    assert code is None or 1 < len(code) <= 64
    assert message is None or len(message) <= 200


def test_a_body_nested_without_end_is_read_to_a_depth() -> None:
    body: dict[str, Any] = {}
    body["error"] = body
    assert error_code_of(body) is None
    assert message_of(body) is None
    assert error_code_of([[[[[[{"code": "DEEP"}]]]]]]) is None
