"""What is known of how many events a partner sends, and when the last ones came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integration_monitor.signals.flat_line import Baseline
from integration_monitor.signals.receiver_time import ReceiverTime
from integration_monitor.signals.turned_away import Stretch

ALL = "*"
"""Stands for all tenants and all types: the integration-wide sum."""
REJECTED_WITHIN = timedelta(hours=1)
"""Of requests that came while events were missing, and were not taken."""


@dataclass(frozen=True)
class Drop:
    """Since when fewer events come than usual, though not none."""

    since: datetime
    received: float
    expected: float

    @property
    def share(self) -> float:
        """What came of what was expected."""
        return self.received / self.expected if self.expected > 0 else 1.0


@dataclass(frozen=True, eq=False)
class Stream:
    """The events of one type for one tenant, or all of them together."""

    tenant: str
    type: str
    baseline: Baseline
    last_at: datetime
    """The last event."""
    returned_at: datetime
    """The first event of the hour in which the last one came."""
    returned: int
    """How many came in that hour."""
    silent_since: datetime | None = None
    """The last event before that hour."""
    drop: Drop | None = None


@dataclass(frozen=True)
class Subscribed:
    """What the partner said of our subscription."""

    connection: str
    asked_at: datetime
    enabled: bool | None


@dataclass(frozen=True)
class Rejected:
    """Requests to one connection's address that were not taken, within `REJECTED_WITHIN`."""

    connection: str
    reason: str
    requests: int
    last_at: datetime


@dataclass(frozen=True, eq=False)
class VolumeFacts:
    """What is known of an integration's streams."""

    integration: str
    receiver: ReceiverTime
    """When receivers ran, without the time in which they turned the integration away."""
    streams: Sequence[Stream] = ()
    whole: Stream | None = None
    """All streams together; None where nothing ever came."""
    last_hour: Mapping[str, int] = field(default_factory=dict)
    """By event type, how many came in the last whole hour."""
    subscriptions: Mapping[str, Subscribed] = field(default_factory=dict)
    """By connection."""
    turned_away: Stretch | None = None
    """From the first to the last time that it was answered 503, with nothing stored since."""
    rejected: Sequence[Rejected] = ()
    watched_since: datetime | None = None
    """Where nothing ever came: when its webhooks were judged first; None: never before."""
