"""Events become counts; those that cannot are told by index."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration_monitor.ingest.call_event import Rejected, read_calls
from integration_monitor.ingest.call_intake import KnownFleet, batch_of
from integration_monitor.signals.latency_buckets import bucket_of
from integration_monitor.store.call_batch import Batch, CallCount
from integration_monitor_tests.ingest.calls_examples import NOW, batch, event, fleet

KNOWN = KnownFleet.of(fleet())


def taken(*events: dict[str, Any]) -> tuple[Batch, list[Rejected]]:
    return batch_of(read_calls(json.dumps(batch(*events)).encode()), KNOWN, NOW)


def test_events_of_a_kind_are_counted_together() -> None:
    found, rejected = taken(event(), event(), event(tenant="globex"), event(duration_ms=900))
    assert rejected == []
    assert (found.id, found.source, found.dropped) == ("api:api:b-1", "api:api", 0)
    minute = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    fast, slow = bucket_of(12.5), bucket_of(900)
    assert set(found.counts) == {
        CallCount(minute, "crm", "contacts", "acme", "ok", fast, 2),
        CallCount(minute, "crm", "contacts", "globex", "ok", fast, 1),
        CallCount(minute, "crm", "contacts", "acme", "ok", slow, 1),
    }


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://api.crm.example.com/v3/contacts", "contacts"),
        ("https://api.crm.example.com/v3/contacts?api_key=secret", "contacts"),
        ("https://user:secret@api.crm.example.com/v3/contacts/7#secret", "contact"),
        ("/v3/contacts/7", "contact"),
        ("/contacts/7", "contact"),
        ("https://elsewhere.example.com/", "other"),
        ("?secret=/contacts", "other"),
        ("http://[::1", "other"),
        ("%", "other"),
    ],
)
def test_a_url_becomes_an_endpoint_and_is_not_kept(url: str, endpoint: str) -> None:
    found, rejected = taken(event(endpoint=None, url=url, status=500))
    assert rejected == []
    assert [count.endpoint for count in found.counts] == [endpoint]
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "ok"),
        ({"status": 304}, "ok"),
        ({"status": 429}, "rate_limited"),
        ({"status": 429, "headers": {"Retry-After": "7200"}}, "quota_exhausted"),
        ({"status": 422}, "bad_request"),
        ({"status": 503}, "server"),
        ({"status": 400, "error_code": "invalid_grant"}, "needs_reauth"),
        ({"status": 200, "error_code": "PARTIAL"}, "ok"),
        ({"status": None, "error": "timeout"}, "timeout"),
        ({"status": 200, "error": "bad_response"}, "bad_response"),
        ({"headers": {"Content-Type": "text/html"}}, "bad_response"),
        ({"headers": {"Content-Type": "text/html"}, "method": "HEAD"}, "ok"),
    ],
    ids=str,
)
def test_the_outcome(changes: dict[str, object], outcome: str) -> None:
    found, _ = taken(event(**changes))
    assert [count.outcome for count in found.counts] == [outcome]


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"integration": "crn"}, "integration", "no manifest describes `crn`"),
        ({"endpoint": "deals"}, "endpoint", "crm has no endpoint `deals`: send its `url`"),
        ({"endpoint": None}, "endpoint", "give either `endpoint` or `url`"),
        ({"url": "/v3/contacts"}, "endpoint", "give either `endpoint` or `url`"),
        ({"status": None}, "status", "give `status`, or `error` for a call without an answer"),
    ],
    ids=str,
)
def test_what_is_not_taken(changes: dict[str, object], field: str, reason: str) -> None:
    found, rejected = taken(event(), event(**changes))
    assert rejected == [Rejected(1, field, reason)]
    assert sum(count.calls for count in found.counts) == 1


@pytest.mark.parametrize(
    ("started_at", "minute"),
    [
        ("2026-02-27T12:05:00Z", "2026-02-27T12:05:00+00:00"),
        ("2026-03-01T12:14:59Z", "2026-03-01T12:14:00+00:00"),
        ("2026-03-01T23:59:59.999999+12:00", "2026-03-01T11:59:00+00:00"),
    ],
)
def test_late_and_early_calls_count_in_their_minute(started_at: str, minute: str) -> None:
    found, rejected = taken(event(started_at=started_at))
    assert rejected == []
    assert [count.minute.isoformat() for count in found.counts] == [minute]


@pytest.mark.parametrize(
    ("started_at", "reason"),
    [
        ("2026-02-27T12:04:59Z", "is older than 2 d, for which minutes are kept"),
        ("0001-01-01T00:00:00+23:59", "is older than 2 d, for which minutes are kept"),
        ("2026-03-01T12:15:01Z", "is more than 10 min in the future: see the clock"),
        ("9999-12-31T23:59:59-23:59", "is more than 10 min in the future: see the clock"),
    ],
)
def test_too_late_and_too_early_calls_are_told(started_at: str, reason: str) -> None:
    _, rejected = taken(event(started_at=started_at))
    assert rejected == [Rejected(0, "started_at", reason)]


def test_no_event_is_older_than_the_store_takes() -> None:
    kept = fleet()
    retention = replace(kept.monitor.retention, minutes=timedelta(days=90))
    known = KnownFleet.of(replace(kept, monitor=replace(kept.monitor, retention=retention)))
    assert known.minutes == timedelta(days=31)


def test_a_failing_call_is_kept_redacted() -> None:
    found, _ = taken(
        event(
            method="post",
            status=422,
            attempt=2,
            error_code="INVALID_EMAIL",
            message="no such user: jane@example.com, token=abc123",
            key="c-7",
            headers={"X-Request-Id": "req-1", "Set-Cookie": "session=secret"},
        )
    )
    (kept,) = found.exemplars
    assert (kept.outcome, kept.status, kept.error_code) == ("bad_request", 422, "INVALID_EMAIL")
    assert (kept.request_id, kept.key) == ("req-1", "c-7")
    assert kept.message is not None
    assert kept.message.startswith("POST, attempt 2: no such user")
    for secret in ("jane", "abc123", "session"):
        assert secret not in repr(kept)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"url": "/v3/contacts/c-7?token=secret"}, "c-7"),
        ({"url": "/v3/contacts/c-7", "key": "c-8"}, "c-8"),
        ({"url": "/v3/contacts"}, None),
        ({"endpoint": "contact"}, None),
    ],
)
def test_the_record_that_was_written(changes: dict[str, object], key: str | None) -> None:
    given = {"endpoint": None, **changes} if "url" in changes else changes
    (kept,) = taken(event(status=422, **given))[0].exemplars
    assert kept.key == key


def test_what_is_nobodys_failure_is_not_kept() -> None:
    found, _ = taken(event(), event(status=404), event(status=409))
    assert found.exemplars == ()


def test_what_headers_tell() -> None:
    earlier = {"RateLimit": '"burst";r=90;t=10', "Sunset": "Tue, 30 Jun 2026 00:00:00 GMT"}
    later = {"RateLimit": '"burst";r=20;t=5', "RateLimit-Policy": '"burst";q=100;w=10'}
    found, _ = taken(
        event(headers=later, started_at="2026-03-01T12:01:00Z"),
        event(headers=earlier),
    )
    (limit,) = found.rate_limits
    assert (limit.policy, limit.limit, limit.remaining) == ("burst", 100, 20)
    assert (limit.tenant, limit.window_s) == ("acme", 10)
    (notice,) = found.notices
    assert (notice.endpoint, notice.kind, str(notice.on)) == ("contacts", "sunset", "2026-06-30")


def test_many_failing_calls_of_a_series() -> None:
    found, _ = taken(*[event(status=500, key=str(number)) for number in range(100)])
    assert [kept.key for kept in found.exemplars] == [str(number) for number in range(90, 100)]
