"""Keys and times in one form, so that two sides can be compared."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from integration_monitor.manifest.domain import TimeFormat

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_UUID_LENGTH = 36
_DIGITS = 20
"""More are no time, and would only be costly to compute with."""
_MICROSECONDS: dict[TimeFormat, int] = {"epoch_s": 1_000_000, "epoch_ms": 1_000}


def canonical_key(value: object) -> str | None:
    """A key as text: `"123"`, 123, 123.0 and `Decimal("123.00")` are one key, UUIDs are lower case.

    Space around a text is padding, not key. None for what cannot be a key: null, an empty
    text, true and false, NaN, lists, objects.
    """
    if type(value) is int:  # first, as most keys are
        return str(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return _text_key(value.strip())
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        return _number_key(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    return None


def parse_time(value: object, time_format: TimeFormat = "iso8601") -> datetime | None:
    """A moment in UTC from ISO 8601 (without offset: UTC), a date, or a number since the epoch.

    Numbers, also as text, are read only where the format says their unit; it is never guessed.
    None where the value is not a time.
    """
    if isinstance(value, datetime):
        return _utc(value)
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if time_format in _MICROSECONDS and isinstance(value, int | float | Decimal | str):
        number = _decimal(value)
        if number is not None:
            return _from_epoch(number * _MICROSECONDS[time_format])
    return _from_text(value.strip()) if isinstance(value, str) else None


def _text_key(text: str) -> str | None:
    return text.lower() if len(text) == _UUID_LENGTH and _UUID.fullmatch(text) else text or None


def _number_key(value: float | Decimal) -> str | None:
    number = Decimal(repr(value)) if isinstance(value, float) else value
    if not number.is_finite():
        return None
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _decimal(value: float | Decimal | str) -> Decimal | None:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < _DIGITS else None


def _from_epoch(microseconds: Decimal) -> datetime | None:
    try:
        return EPOCH + timedelta(microseconds=int(microseconds))
    except OverflowError:
        return None


def _from_text(text: str) -> datetime | None:
    try:
        return _utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def _utc(moment: datetime) -> datetime | None:
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None
