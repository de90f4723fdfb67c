"""What a manifest says of an integration's webhooks. Frozen; durations are `timedelta`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integration_monitor.manifest.domain import Reference, TimeFormat

HEADER = "header:"
"""Before the name of a header, where a path may also be one."""
TYPE_NAMES = ("type", "eventType", "event_type", "subscriptionType", "event", "topic")
"""Where partners tell an event's type; the first that is text, where a manifest says nothing."""


@dataclass(frozen=True)
class Handshake:
    """How the partner makes sure at set-up that the address is ours: we echo what it sends.

    Either a GET with a query parameter whose value is the answer, or a POST whose JSON body
    fulfils `when` and holds the answer at `answer`.
    """

    query: str | None = None
    when: str | None = None
    """JMESPath, true for such a body."""
    answer: str | None = None
    """JMESPath of what is answered, as text."""


@dataclass(frozen=True)
class EventRule:
    """What one of the partner's event types is to us."""

    type: str
    """The unified type, `crm.contact.updated`: what an event is about, and what happened to it."""
    data: Mapping[str, str] = field(default_factory=dict)
    """Fields of the unified event: JMESPaths into the partner's."""

    @property
    def kind(self) -> str:
        """What the event is about: `crm.contact`."""
        return self.type.rpartition(".")[0] or self.type


@dataclass(frozen=True)
class HttpSink:
    """Unified events are posted there, signed by Standard Webhooks."""

    url: str | Reference
    secret: Reference | None = None
    retry_for: timedelta = timedelta(days=3)
    """An event that could not be delivered for so long goes to the dead-letter list."""


@dataclass(frozen=True)
class SqlSink:
    """Unified events become rows of a PostgreSQL table."""

    url: str | Reference
    table: str
    """With its schema, where it has one; it is made where it is not there."""
    retry_for: timedelta = timedelta(days=3)


Sink = HttpSink | SqlSink


@dataclass(frozen=True)
class VolumeRules:
    """When a stream that grew quiet is an alarm."""

    alarms: float = 0.1
    """False alarms that are borne, per stream and 30 days."""
    every: timedelta | None = None
    """A heartbeat: the longest that a new or quiet stream may be silent; None: it is not judged."""
    grace: timedelta = timedelta(0)
    """Added to `every`."""
    timezone: str = "UTC"
    """IANA name: the hours of the week are those of the people who cause the events."""
    holidays: str | None = None
    """A country, `DE`, or one with its subdivision, `DE-BY`: such days count as Sundays."""
    drop: float = 0.3
    """Fewer than this share of what was expected is a partial drop; 0: it is not looked for."""


@dataclass(frozen=True)
class LagRules:
    """When events that come late, or are processed late, are an alarm."""

    p95: timedelta = timedelta(seconds=30)
    """The most that p95 of received - occurred, and of processed - received, may be."""
    window: timedelta = timedelta(minutes=30)
    """Over which events: half an hour has enough of a partner that sends few, and is short enough
    that those of a busy one are told of within minutes."""
    lasting: timedelta = timedelta(minutes=5)
    """How long it is over before it is told."""


@dataclass(frozen=True)
class Subscription:
    """A request that says whether the partner still has our subscription enabled."""

    method: str
    path: str
    enabled: str
    """JMESPath into the answer: true where it is."""
    every: timedelta = timedelta(hours=1)


@dataclass(frozen=True)
class Webhooks:
    """How an integration's webhooks are checked, understood and handed on, and what is normal."""

    signature: str | Mapping[str, object]
    secrets: tuple[Reference, ...]
    public_url: str | None = None
    rejected_status: int = 401
    """Answered to a request with a bad signature."""
    handshake: Handshake | None = None
    each: str | None = None
    event_id: tuple[str, ...] = ()
    """JMESPaths, or `header:NAME`, which may also stand for any path below."""
    may_differ: tuple[str, ...] = ()
    """Top-level fields of an event that may differ between repeats, such as `attemptNumber`."""
    type: str | None = None
    """JMESPath of the event's type, or `header:NAME`; None: the first of `TYPE_NAMES`."""
    occurred_at: str | None = None
    time: TimeFormat | None = None
    """None: ISO 8601, or a number whose size tells seconds from milliseconds."""
    tenant: str | None = None
    object: str | None = None
    """JMESPath of the id of the object that the event is about."""
    ordered_by: str | None = None
    """JMESPath: events with the same value are handed on in the order in which they came."""
    events: Mapping[str, EventRule] = field(default_factory=dict)
    """By the partner's event type; others are kept, and not handed on."""
    data: Mapping[str, str] = field(default_factory=dict)
    """Fields of every unified event: JMESPaths into the partner's."""
    sinks: Mapping[str, Sink] = field(default_factory=dict)
    volume: VolumeRules = VolumeRules()
    lag: LagRules = LagRules()
    delivered: float = 0.995
    """The share of events that is to reach the sinks."""
    backlog: timedelta = timedelta(minutes=5)
    """The oldest event that is not processed may be so old."""
    rejected: float = 0.05
    """The share of requests with a bad signature that is a failure."""
    subscription: Subscription | None = None
