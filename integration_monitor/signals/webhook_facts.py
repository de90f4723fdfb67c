"""What is known of an integration's webhooks when they are judged. Pure data, read set-based."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.signals.call_facts import Stretches
from integration_monitor.signals.judged import Judged

REQUEST_WINDOW = timedelta(minutes=15)
"""Of requests, which are many and all alike."""
LASTING = timedelta(minutes=5)
"""How long something has to go on: its two halves are looked at apart."""
OVERDUE_AFTER = timedelta(minutes=1)
"""How long an event may wait for its first turn at a sink: one that is down is tried by few."""
DELIVERY_WINDOW = timedelta(days=1)
"""Of events that are handed on: a sink may be away for hours."""
NEW_FOR = timedelta(hours=1)
"""How long a reason that was never seen before is told."""
NOT_HEARD = Judged(
    "unknown", "no receiver runs: nothing that the partner sends can be seen", "watch"
)
"""Only a watch: `volume` says so, too, and louder."""
_NONE = Stretches()


@dataclass(frozen=True)
class Lag:
    """How long something took for events that came within `webhooks.lag.window`, in seconds."""

    events: Stretches
    late: Stretches
    """Those that took longer than `webhooks.lag.p95`."""
    p50: float
    p95: float
    least: float


@dataclass(frozen=True)
class Lags:
    """Of all events together, and of the tenants with late ones."""

    whole: Lag | None = None
    """None where no event came of which it is known."""
    tenants: Mapping[str, Lag] = field(default_factory=dict)


_UNKNOWN = Lags()


@dataclass(frozen=True)
class Rejected:
    """Requests of one connection that were turned away for one reason, by whole minutes."""

    requests: Stretches
    last_at: datetime


@dataclass(frozen=True)
class Requests:
    """The requests to one connection's address, within `REQUEST_WINDOW`."""

    accepted: Stretches = _NONE
    """Those that were acknowledged, repeats too; a list of events counts once."""
    rejected: Mapping[str, Rejected] = field(default_factory=dict)
    """By reason."""
    is_known: bool = True
    """Whether anything of it was ever accepted: anybody may make up names of connections."""


@dataclass(frozen=True)
class Handed:
    """A tenant's events at one sink, of `DELIVERY_WINDOW` and all older ones that wait."""

    tried: Stretches = _NONE
    """Delivered, failed so far, overdue, or given up; others have yet to have their turn."""
    failed: Stretches = _NONE
    """Those that did not arrive: failed so far, overdue, or given up."""
    retried: int = 0
    """Of the failed ones those that are tried again."""
    dead: int = 0
    """Of the failed ones those that were given up."""


@dataclass(frozen=True)
class Sink:
    """What became of events at a sink."""

    tenants: Mapping[str, Handed]
    error: str | None = None
    """The newest one of those that wait or were given up."""


@dataclass(frozen=True)
class Waiting:
    """A tenant's events that are not processed: not read yet, or not at all sinks."""

    events: int
    oldest: datetime | None
    """When the oldest came, or was replayed, of those that were never tried; None: all were."""
    retried: int = 0
    """Those that a sink refused and that are tried again."""


@dataclass(frozen=True)
class WebhookFacts:
    """All that was read of one integration, besides its volume."""

    integration: str
    rules: Webhooks
    arrival: Lags = _UNKNOWN
    """Received minus occurred; what came before it occurred counts as 0."""
    processing: Lags = _UNKNOWN
    """Processed minus received; of what is not processed the time so far. Without replays."""
    events: int = 0
    """All that came within `webhooks.lag.window`."""
    is_heard: bool = True
    """Whether a receiver runs: without one nothing can come, which is not well."""
    ahead: int = 0
    """Those that occurred, by the partner's clock, later than they came, by more than the limit."""
    ahead_by: float = 0.0
    """Seconds, those that are ahead on average."""
    connections: Mapping[str, Requests] = field(default_factory=dict)
    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    """Reasons of rejections that were not seen before the last `NEW_FOR`, and since when."""
    sinks: Mapping[str, Sink] = field(default_factory=dict)
    unprocessable: Mapping[str, Handed] = field(default_factory=dict)
    """By tenant, the events of `DELIVERY_WINDOW` that were read; failed are those that could not be
    processed and were given up. Empty where no tenant has such."""
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    """By tenant."""
    last_processed: datetime | None = None
    """When a worker last read or finished one of the newest events."""
