"""What a process saw of its calls since the last flush: the unit that is stored once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from integration_monitor.signals.shape import Shape

OTHER = "other"
"""The endpoint of calls whose URL matches no template of the manifest."""
NO_TENANT = "-"
"""The tenant of calls that name none."""
OTHER_TENANTS = "(others)"
"""The tenant of calls of more tenants than a process counts one by one in a minute."""


@dataclass(frozen=True)
class CallCount:
    """So many calls of one minute, alike in everything that is kept of them."""

    minute: datetime
    integration: str
    endpoint: str
    tenant: str
    outcome: str
    """`ok`, or a class of the taxonomy (`signals/call_outcome.py`)."""
    bucket: int
    """Of the latency as the caller saw it, retries included (`signals/latency_buckets.py`)."""
    calls: int


@dataclass(frozen=True)
class Exemplar:
    """One failing call, without anything secret in it."""

    at: datetime
    integration: str
    endpoint: str
    tenant: str
    outcome: str
    status: int | None = None
    error_code: str | None = None
    request_id: str | None = None
    message: str | None = None
    """Redacted, 200 characters at most."""
    key: str | None = None
    """The record that was written, where the manifest says where its key stands."""


@dataclass(frozen=True)
class RateLimit:
    """What a partner said last of a limit."""

    integration: str
    tenant: str
    policy: str
    limit: int | None
    remaining: int | None
    reset_at: datetime | None
    window_s: float | None
    seen_at: datetime


@dataclass(frozen=True)
class Notice:
    """A partner's announcement in a header that an endpoint is, or will be, gone."""

    integration: str
    endpoint: str
    kind: Literal["deprecation", "sunset"]
    on: date | None
    """None where the header gives no date."""
    link: str | None
    seen_at: datetime


@dataclass(frozen=True)
class ShapeSeen:
    """The fields of sampled answers of an endpoint."""

    integration: str
    endpoint: str
    shape: Shape
    seen_at: datetime


@dataclass(frozen=True)
class Batch:
    """Stored once, however often it is sent: `id` is what tells a repetition."""

    id: str
    """A UUID, or what the sender of the calls API gave."""
    source: str
    """Who sends: a process by host and number, or the name of an API client."""
    counts: tuple[CallCount, ...] = ()
    exemplars: tuple[Exemplar, ...] = ()
    rate_limits: tuple[RateLimit, ...] = ()
    notices: tuple[Notice, ...] = ()
    shapes: tuple[ShapeSeen, ...] = ()
    dropped: int = 0
    """Calls that could not be kept anywhere since the last batch."""
