from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.manifest.domain import TimeFormat
from integration_monitor.observe.canonical import EPOCH, canonical_key, parse_time

MOMENTS = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.timezones() | st.just(UTC),
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (123, "123"), ("123", "123"), (123.0, "123"), (Decimal("123.00"), "123"),
        (-0.0, "0"), (1.5, "1.5"), (Decimal("1.50"), "1.5"), (1e22, "10000000000000000000000"),
        (Decimal("1E+2"), "100"), (" padded  ", "padded"), ("00123", "00123"), ("1.0", "1.0"),
        ("A1B2", "A1B2"),
        (uuid.UUID("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        (None, None), ("", None), ("  ", None), (True, None), (False, None), (float("nan"), None),
        (Decimal("Infinity"), None), ([1], None), ({"id": 1}, None), (b"1", None),
    ],
)  # fmt: skip
def test_a_key_has_one_text(value: object, key: str | None) -> None:
    assert canonical_key(value) == key


@given(st.integers())
def test_a_number_is_one_key_however_it_is_held(number: int) -> None:
    assert canonical_key(number) == canonical_key(str(number)) == canonical_key(Decimal(number))


@given(st.one_of(st.text(), st.integers(), st.floats(), st.decimals(), st.uuids()))
def test_a_canonical_key_is_its_own_canonical_key(value: object) -> None:
    key = canonical_key(value)
    assert key is None or canonical_key(key) == key


@pytest.mark.parametrize(
    ("value", "time_format", "at"),
    [
        ("2026-03-01T12:00:00Z", "iso8601", NOON),
        ("2026-03-01T12:00:00.000Z", "iso8601", NOON),
        ("2026-03-01T13:00:00+01:00", "iso8601", NOON),
        ("2026-03-01T13:00:00.000+0100", "iso8601", NOON),
        ("2026-03-01 12:00:00", "iso8601", NOON),
        (" 2026-03-01T12:00:00 ", "iso8601", NOON),
        ("2026-03-01", "date", NOON.replace(hour=0)),
        (date(2026, 3, 1), "iso8601", NOON.replace(hour=0)),
        (NOON.replace(tzinfo=None), "iso8601", NOON),
        (NOON.astimezone(timezone(timedelta(hours=-5))), "iso8601", NOON),
        (1772366400, "epoch_s", NOON),
        ("1772366400", "epoch_s", NOON),
        (1772366400.25, "epoch_s", NOON + timedelta(milliseconds=250)),
        (1772366400123, "epoch_ms", NOON + timedelta(milliseconds=123)),
        ("1772366400123", "epoch_ms", NOON + timedelta(milliseconds=123)),
        ("2026-03-01T12:00:00Z", "epoch_ms", NOON),
        (1772366400, "iso8601", None), (True, "epoch_s", None), (None, "iso8601", None),
        ("", "iso8601", None), ("soon", "epoch_ms", None), (float("nan"), "epoch_s", None),
        (1e30, "epoch_s", None), ("NaN", "epoch_s", None), ({}, "iso8601", None),
        ("1e999999999", "epoch_ms", None), ("9" * 5000, "epoch_s", None),
        ("0001-01-01T00:00:00+14:00", "iso8601", None),
    ],
)  # fmt: skip
def test_a_time_is_read_by_its_format(
    value: object, time_format: TimeFormat, at: datetime | None
) -> None:
    assert parse_time(value, time_format) == at


@given(MOMENTS)
def test_iso_text_is_read_back_in_utc(at: datetime) -> None:
    read = parse_time(at.isoformat())
    assert read == at.astimezone(UTC)
    assert read is not None
    assert read.tzinfo is UTC


@given(st.integers(0, 253_402_300_799_999))
def test_milliseconds_are_exact(milliseconds: int) -> None:
    at = parse_time(milliseconds, "epoch_ms")
    assert at is not None
    assert (at - EPOCH) / timedelta(milliseconds=1) == milliseconds
