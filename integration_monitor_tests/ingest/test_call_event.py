"""Reading a batch of calls: what is wrong with an event stays with that event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration_monitor.ingest.call_event import (
    MOST_EVENTS,
    Rejected,
    UnreadableBatch,
    json_schema,
    read_calls,
)

EVENT: dict[str, Any] = {
    "integration": "crm",
    "endpoint": "contacts",
    "tenant": "acme",
    "method": "GET",
    "status": 200,
    "started_at": "2026-03-01T12:00:30.25Z",
    "duration_ms": 12.5,
}


def body(*events: object, **given: object) -> bytes:
    return json.dumps({"batch_id": "b-1", "events": list(events), **given}).encode()


def test_a_batch() -> None:
    read = read_calls(body(EVENT, {**EVENT, "headers": {"Retry-After": "3"}}, source="billing"))
    assert (read.batch_id, read.source, read.rejected) == ("b-1", "billing", ())
    assert [index for index, _ in read.events] == [0, 1]
    assert read.events[0][1].duration_ms == 12.5
    assert read.events[0][1].started_at.isoformat() == "2026-03-01T12:00:30.250000+00:00"
    assert read.events[1][1].headers == {"Retry-After": "3"}


LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"integration": None}, "integration", "valid string"),
        ({"integration": 7}, "integration", "valid string"),
        ({"integration": ""}, "integration", "characters"),
        ({"integration": LONG}, "integration", "at most 200"),
        ({"tenant": "a\u0000b"}, "tenant", "characters"),
        ({"tenant": "a\nb"}, "tenant", "characters"),
        ({"tenant": ["acme"]}, "tenant", "valid string"),
        ({"method": "GET /"}, "method", "characters"),
        ({"status": 99}, "status", "greater than or equal to 100"),
        ({"status": "200"}, "status", "valid integer"),
        ({"status": 200.5}, "status", "integer"),
        ({"status": True}, "status", "valid integer"),
        ({"status": 10**30}, "status", "less than or equal to 599"),
        ({"error": "exploded"}, "error", "'network'"),
        ({"started_at": "yesterday"}, "started_at", "valid datetime"),
        ({"started_at": "2026-03-01T12:00:00"}, "started_at", "timezone"),
        ({"started_at": "2026-02-30T12:00:00Z"}, "started_at", "valid datetime"),
        ({"started_at": 1_700_000_000}, "started_at", "valid datetime"),
        ({"duration_ms": -1}, "duration_ms", "greater than or equal to 0"),
        ({"duration_ms": 1e300}, "duration_ms", "less than or equal to"),
        ({"duration_ms": float("nan")}, "duration_ms", "finite"),
        ({"duration_ms": float("inf")}, "duration_ms", "finite"),
        ({"duration_ms": "12"}, "duration_ms", "valid number"),
        ({"headers": [["a", "b"]]}, "headers", "should be an object"),
        ({"headers": {"a": 1}}, "headers.a", "valid string"),
        ({"headers": {str(n): "" for n in range(101)}}, "headers", "at most 100"),
        ({"headers": {LONG: ""}}, "headers", "at most 200"),
        ({"attempt": 0}, "attempt", "greater than or equal to 1"),
        ({"url": "http://x/" + LONG}, "url", "at most 8000"),
        ({"durationms": 3}, "durationms", "extra inputs are not permitted"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_invalid_event_is_told_and_the_others_are_read(
    change: dict[str, object], field: str, reason: str
) -> None:
    read = read_calls(body(EVENT, {**EVENT, **change}, EVENT))
    assert [index for index, _ in read.events] == [0, 2]
    (rejected,) = read.rejected
    assert (rejected.index, reason in rejected.reason) == (1, True), rejected
    assert rejected.field.startswith(field)
    assert len(rejected.field) <= 100
    assert len(rejected.reason) <= 300


@pytest.mark.parametrize("missing", ["integration", "method", "started_at", "duration_ms"])
def test_what_an_event_must_say(missing: str) -> None:
    event = {name: value for name, value in EVENT.items() if name != missing}
    assert read_calls(body(event)).rejected == (Rejected(0, missing, "field required"),)


@pytest.mark.parametrize("event", [None, 7, "GET", [], [EVENT]], ids=str)
def test_an_event_that_is_no_object(event: object) -> None:
    (rejected,) = read_calls(body(event)).rejected
    assert (rejected.index, rejected.field) == (0, "")


SECRET = "sk-very-secret"


def test_reasons_do_not_repeat_values() -> None:
    event = {**EVENT, "tenant": f"{SECRET}\n", "started_at": SECRET, "error": SECRET}
    assert SECRET not in str(read_calls(body(event)).rejected)


@pytest.mark.parametrize(
    ("text", "is_json"),
    [
        (b"", False),
        (b"{", False),
        (b"\xff\xfe", False),
        (b'{"batch_id": "\\ud800", "events": []}', False),
        (b"[" * 100_000, False),
        (b'{"a":' * 100_000, False),
        (b'{"batch_id": "b", "events": [' + b"1" * 10_000 + b"]}", False),
        (b"null", True),
        (b"[]", True),
        (b'"text"', True),
        (b"NaN", True),
        (b"{}", True),
        (b'{"batch_id": "b"}', True),
        (b'{"batch_id": "", "events": []}', True),
        (b'{"batch_id": 7, "events": []}', True),
        (b'{"batch_id": "b", "events": {}}', True),
        (b'{"batch_id": "b", "events": null}', True),
        (b'{"batch_id": "b", "events": [], "extra": 1}', True),
        (b'{"batch_id": "b", "source": "", "events": []}', True),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_batch(text: bytes, is_json: bool) -> None:
    with pytest.raises(UnreadableBatch) as raised:
        read_calls(text)
    assert raised.value.is_json is is_json


@pytest.mark.parametrize("event", [EVENT, None])
def test_too_many_events(event: object) -> None:
    with pytest.raises(UnreadableBatch, match=f"events: list should have at most {MOST_EVENTS}"):
        read_calls(body(*[event] * (MOST_EVENTS + 1)))


def test_the_schema_is_in_one_piece() -> None:
    schema = json_schema()
    assert "$ref" not in json.dumps(schema)
    fields = schema["properties"]["events"]["items"]["properties"]
    assert all(field.get("description") for field in fields.values())
