from __future__ import annotations

import json

import pytest

from integration_monitor.observe.body_errors import LONGEST, BodyErrors, quoted
from integration_monitor.observe.http_answers import Answer


def answer(document: object, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(document).encode())


@pytest.mark.parametrize("found", [None, [], "", {}, False, 0])
def test_what_finds_nothing_is_a_success(found: object) -> None:
    assert BodyErrors("errors").of(answer({"errors": found}), "GET /a") is None
    assert BodyErrors("errors").of(answer({"data": 1}), "GET /a") is None


def test_without_a_path_nothing_is_looked_for() -> None:
    assert BodyErrors().of(Answer(200, {}, b"no JSON"), "GET /a") is None


def test_an_answer_that_did_not_change_has_no_errors() -> None:
    assert BodyErrors("errors").of(Answer(304, {}, b""), "GET /a") is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Throttled", "rate_limited"),
        ("API rate-limit exceeded", "rate_limited"),
        ("too many requests", "rate_limited"),
        ("Field 'rate' does not exist", "bad_response"),
    ],
)
def test_throttling_is_told_from_a_failure(text: str, kind: str) -> None:
    error = BodyErrors("error").of(answer({"error": text}), "POST /graphql for tenant acme")
    assert error is not None
    assert error.kind == kind
    assert str(error) == f"POST /graphql for tenant acme answered 200 and an error: {text}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key s3cret-key is wrong", "key … is wrong"),
        ("s3cret-key-2 and s3cret-key", "… and …"),
        ("a\n\tb\x00c\u2028d", "a b c d"),
        ("abc", "abc"),  # too short to be a credential
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * (LONGEST + 1), "x" * (LONGEST - 1) + "…"),
        ("x" * (LONGEST - 5) + "s3cret-key", "x" * (LONGEST - 5) + "…"),
    ],
)
def test_a_partner_is_quoted_without_credentials(text: str, said: str) -> None:
    assert quoted(text, ["s3cret-key", "s3cret-key-2", "abc", ""]) == said


@pytest.mark.parametrize(
    ("status", "document", "throttled"),
    [
        (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}], True),
        (400, [{"errorCode": "Throttled"}], True),
        (403, [{"errorCode": "INSUFFICIENT_ACCESS"}], False),
        (403, {"errorCode": "REQUEST_LIMIT_EXCEEDED"}, False),  # not where it was declared
        (401, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}], False),
        (200, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}], False),  # told by `of`
        (503, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}], False),
    ],
)
def test_throttling_by_another_status(status: int, document: object, throttled: bool) -> None:
    error = BodyErrors("[0].errorCode").throttled(answer(document, status), "GET /a")
    assert (error is not None) == throttled
    if error is not None:
        assert error.kind == "rate_limited"
        assert str(error) == f"GET /a answered {status}: too many requests"


def test_an_error_that_is_no_json_is_no_throttling() -> None:
    assert BodyErrors("[0].code").throttled(Answer(403, {}, b"<html>"), "GET /a") is None
    assert BodyErrors().throttled(answer("throttled", 403), "GET /a") is None
