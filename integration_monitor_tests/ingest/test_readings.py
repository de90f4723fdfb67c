"""What answers say, kept as it came and understood later, within bounds."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

import pytest

from integration_monitor.ingest.readings import Readings
from integration_monitor.ingest.sampled_answers import (
    MOST_BYTES,
    SampledAnswer,
    parsed,
    shape_of_answers,
)
from integration_monitor.ingest.some_a_minute import SomeAMinute
from integration_monitor.ingest.tenants import tenant, tenant_of, tidy
from integration_monitor.observe.json_path import Path
from integration_monitor.store.call_batch import RateLimit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def limit(tenant: str, remaining: int) -> RateLimit:
    return RateLimit("crm", tenant, "default", 100, remaining, None, None, NOW)


def test_the_last_answer_of_each_endpoint_and_tenant_is_understood() -> None:
    readings = Readings()
    for remaining in (3, 2, 1):
        for name in ("acme", "globex"):
            said = limit(name, remaining)
            readings.limits(("crm", "contacts", name), partial(list, [said]))
    assert readings.take(NOW).rate_limits == (limit("acme", 1), limit("globex", 1))
    assert readings.take(NOW).rate_limits == ()


def test_answers_of_very_many_tenants_take_bounded_room() -> None:
    readings = Readings()
    for number in range(20_000):
        readings.limits(("crm", "contacts", str(number)), lambda: [limit("acme", 1)])
    assert len(readings.take(NOW).rate_limits) == 10_000


def test_an_answer_that_cannot_be_understood_costs_only_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    readings = Readings()

    def fails() -> Iterable[RateLimit]:
        raise ValueError("odd")

    readings.limits(("crm", "contacts", "acme"), fails)
    readings.limits(("crm", "contacts", "globex"), lambda: [limit("globex", 1)])
    assert readings.take(NOW).rate_limits == (limit("globex", 1),)
    assert "could not be understood" in caplog.text


def test_sampled_answers_take_bounded_room() -> None:
    readings = Readings()
    body = json.dumps({"text": "x" * 1_000_000}).encode()
    for number in range(40):
        readings.sample("crm", f"endpoint-{number}", SampledAnswer(body, None))
    assert len(readings.take(NOW).shapes) == 16
    readings.sample("crm", "contacts", SampledAnswer(body, None))
    assert len(readings.take(NOW).shapes) == 1


@pytest.mark.parametrize(
    ("body", "coding", "found"),
    [
        (b'{"a": 1}', None, {"a": 1}),
        (b'{"a": 1}', "identity", {"a": 1}),
        (gzip.compress(b'{"a": 1}', mtime=0), "gzip", {"a": 1}),
        (gzip.compress(b'{"a": 1}', mtime=0)[:10], "gzip", None),
        (b'{"a": 1}', "gzip", None),
        (b'{"a": 1', None, None),
        (b"\xff\xfe\x00", None, None),
        (b"", None, None),
        pytest.param(b"[" * 100_000, None, None, id="deep"),
        pytest.param(b'"' + b"x" * MOST_BYTES + b'"', None, None, id="large"),
        pytest.param(gzip.compress(b" " * 50_000_000 + b"1"), "gzip", None, id="bomb"),
    ],
)
def test_a_body_is_parsed_unless_it_is_broken_or_large(
    body: bytes, coding: str | None, found: object
) -> None:
    assert parsed(body, coding) == found


def fields(document: object, records: str | None = None) -> dict[int, list[str]]:
    answer = SampledAnswer(json.dumps(document).encode(), None, Path(records) if records else None)
    return {one.records: sorted(one.fields) for one in shape_of_answers([answer])}


def test_what_the_records_of_an_answer_are() -> None:
    assert fields({"results": [{"id": 1}]}) == {1: ["results", "results[]", "results[].id"]}
    assert fields([{"id": 1}, {"id": 2, "a": 1}]) == {2: ["a", "id"]}
    assert fields({"results": [{"id": 1}]}, "results") == {1: ["id"]}
    assert fields({"id": 1}, "results") == {}
    assert fields([]) == {}


def test_so_many_a_minute() -> None:
    some = SomeAMinute(2)
    taken = [some.take(kind, minute) for minute in (5, 6, 4) for kind in "aabab"]
    assert taken == [True, True, True, False, True] * 3
    assert not SomeAMinute(0).take("a", 5)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("acme", "acme"),
        (17, "17"),
        ("", "-"),
        ("  ", "-"),
        ("a\x00b\n", "ab"),
        ("x" * 999, "x" * 200),
    ],
)
def test_a_tenants_name_is_kept_on_one_line(name: object, kept: str) -> None:
    assert tidy(name) == kept
    with tenant(name):
        assert tenant_of({}) == kept


def test_the_tenant_of_a_request_wins_over_the_block_around_it() -> None:
    with tenant("acme"), tenant("globex"):
        assert tenant_of({"tenant": "initech"}) == "initech"
        assert tenant_of({"tenant": None}) == "globex"
    assert tenant_of({}) == "-"
