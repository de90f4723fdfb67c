"""The wire models of webhooks: how they are checked, understood and handed on."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from integration_monitor.manifest.domain import TimeFormat
from integration_monitor.manifest.quantities import parse_positive_duration
from integration_monitor.manifest.wire_types import (
    Duration,
    EventId,
    Minutes,
    Name,
    PositiveDuration,
    Ratio,
    Secret,
    Secrets,
    Signature,
    Text,
    WebAddress,
    Wire,
)
from integration_monitor.manifest.wire_webhook_types import (
    Country,
    SinkAddress,
    SubscriptionRequest,
    Table,
    Timezone,
    UnifiedType,
)


class Handshake(Wire):
    """Either `query`, or `when` and `answer`."""

    query: Text | None = None
    """The parameter of a GET whose value is answered, such as `challenge`."""
    when: Text | None = None
    """JMESPath: true for the body of a POST that only wants an answer."""
    answer: Text | None = None
    """JMESPath of what is answered, within that body."""


class EventRule(Wire):
    """What one of the partner's events is to us; text alone stands for `type`."""

    type: UnifiedType
    """Our own type of event, such as `crm.contact.updated`: about what, and what happened."""
    data: dict[Text, Text] = Field(default_factory=dict)
    """The unified event's fields: name to path in the partner's event."""


def _type_alone(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


EventRuleOrType = Annotated[
    EventRule, BeforeValidator(_type_alone, json_schema_input_type=UnifiedType | EventRule)
]


class HttpSink(Wire):
    url: SinkAddress
    """Where unified events are posted: an address, or a reference to it."""
    secret: Secret | None = None
    """A reference to the secret they are signed with, by Standard Webhooks."""
    retry_for: PositiveDuration | None = None
    """How long delivery is tried before an event goes to the dead letters (3d)."""


class SqlEventSink(Wire):
    url: Secret
    """A reference to the URL of a PostgreSQL database."""
    table: Table
    """The table, `schema.table`; it is made where it is not there."""
    retry_for: PositiveDuration | None = None
    """How long delivery is tried before an event goes to the dead letters (3d)."""


class Sink(Wire):
    """Exactly one of `http` and `sql`."""

    http: HttpSink | None = None
    """An endpoint of your own product."""
    sql: SqlEventSink | None = None
    """A table of a PostgreSQL database."""


class Heartbeat(Wire):
    every: PositiveDuration
    """The longest that a stream may be silent while its rhythm is not known."""
    grace: Duration | None = None
    """What is added to that (0s)."""


class VolumeRules(Wire):
    """When a stream that grew quiet is an alarm."""

    alarms: float | None = Field(default=None, gt=0, le=30)
    """False alarms that are borne, per stream and 30 days (0.1)."""
    heartbeat: Heartbeat | None = None
    """What holds for new and quiet streams; left out, their silence is not told."""
    timezone: Timezone | None = None
    """Whose hours the hours of a week are, such as `Europe/Berlin` (UTC)."""
    holidays: Country | None = None
    """A country, `DE`, or a part of one, `DE-BY`: its public holidays count as Sundays."""
    drop: Ratio | None = None
    """Fewer than this share of the expected events is a partial drop (30%); 0: not looked for."""


class LagRules(Wire):
    """How late events may be; a duration alone stands for `p95`."""

    p95: PositiveDuration | None = None
    """The most that events may come late, and be handed on late, at p95 (30s)."""
    window: Minutes | None = None
    """The time over which p95 is formed (30m)."""
    lasting: Duration | None = Field(default=None, alias="for")
    """How long it is over before it is told (5m)."""


def _p95_alone(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    parse_positive_duration(value)  # a mistake is one of the key that was written
    return {"p95": value}


LagRulesOrP95 = Annotated[
    LagRules, BeforeValidator(_p95_alone, json_schema_input_type=PositiveDuration | LagRules)
]


class Subscription(Wire):
    """Asking the partner whether it still has our subscription enabled."""

    request: SubscriptionRequest
    """A harmless request, such as `GET /webhooks/123`; placeholders are those of connections."""
    enabled: Text
    """JMESPath into its answer: true where the subscription is enabled."""
    every: PositiveDuration | None = None
    """How often it is asked (1h)."""


class Webhooks(Wire):
    """The webhooks a partner sends. Paths are JMESPath, or `header:NAME` for a request's header."""

    signature: Signature
    """The name of a signature scheme, or the scheme itself as a mapping."""
    secret: Secrets
    """A reference to the signing secret, or a list of them while it is rotated."""
    public_url: WebAddress | None = None
    """The address the partner calls, where it is part of what is signed."""
    rejected_status: int | None = Field(default=None, ge=400, le=499)
    """What a request with a bad signature is answered (401)."""
    handshake: Handshake | None = None
    """How the partner makes sure at set-up that the address is ours."""
    each: Text | None = None
    """JMESPath of the events of a request; `$` where the request is itself the list."""
    event_id: EventId = ()
    """The path, or paths, that identify an event; left out, its content does."""
    may_differ: list[Text] = Field(default_factory=list)
    """Fields at the top of an event that may differ when it comes again, as `attemptNumber`."""
    type: Text | None = None
    """The path of the event's type (the first of `type`, `eventType`, `event_type`,
    `subscriptionType`, `event` and `topic` that is text)."""
    occurred_at: Text | None = None
    """The path of the event's time."""
    time: TimeFormat | None = None
    """How that time is written (ISO 8601, or seconds or milliseconds of the epoch by their size).
    """
    tenant: Text | None = None
    """The path of the tenant; left out, the last part of the address."""
    object: Text | None = None
    """The path of the id of what the event is about: an older event does not overwrite a newer."""
    ordered_by: Text | None = None
    """Events with the same value there are handed on in the order in which they came."""
    events: dict[Text, EventRuleOrType] = Field(default_factory=dict)
    """The partner's event types to our own; others are kept and counted, not handed on."""
    data: dict[Text, Text] = Field(default_factory=dict)
    """Fields of all unified events: name to path in the partner's event."""
    sinks: dict[Name, Sink] = Field(default_factory=dict)
    """Where unified events go, by name."""
    volume: VolumeRules = VolumeRules()
    """When silence is an alarm."""
    lag: LagRulesOrP95 = LagRules()
    """How late events may come, and be handed on: a duration at p95 (30s), or its rules."""
    delivered: Ratio | None = None
    """The share of events that is to reach the sinks (99.5%)."""
    backlog: PositiveDuration | None = None
    """How old the oldest event may be that waits to be processed (5m)."""
    rejected: Ratio | None = None
    """The share of requests with a bad signature that is a failure (5%)."""
    subscription: Subscription | None = None
    """How the partner says whether the subscription is enabled."""
