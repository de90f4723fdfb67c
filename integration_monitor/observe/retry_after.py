"""When a partner wants to be asked again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]{1,300}(?:\.[0-9]*)?", re.ASCII)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait by `Retry-After` (RFC 9110 §10.2.3), None where there is no usable hint.

    Seconds may have a fraction. An HTTP-date is measured against the response's own `Date`, or
    `now` without one. Zero, the past and garbage are no hint: waiting for them burns all attempts;
    so is a date that there is nothing to measure against.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        seconds = float(text)
    else:
        at = http_date(text)
        since = response_date(headers) or now
        seconds = (at - since).total_seconds() if at and since else 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else None


def response_date(headers: Mapping[str, str]) -> datetime | None:
    """The partner's clock as the response tells it."""
    return http_date(headers.get("date", ""))


def http_date(text: str) -> datetime | None:
    """An HTTP-date in UTC, None for anything else."""
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
