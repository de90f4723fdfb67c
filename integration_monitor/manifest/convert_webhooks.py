"""The wire models of webhooks → their domain objects. What is left out takes the defaults."""

from __future__ import annotations

from integration_monitor.manifest import webhooks as domain
from integration_monitor.manifest import wire_webhooks as wire
from integration_monitor.manifest.given import given

_PLAIN = (
    "public_url",
    "rejected_status",
    "each",
    "event_id",
    "type",
    "occurred_at",
    "time",
    "tenant",
    "object",
    "ordered_by",
    "data",
    "delivered",
    "backlog",
    "rejected",
)


def webhooks(read: wire.Webhooks | None) -> domain.Webhooks | None:
    """The webhooks of a manifest, where it has a section for them."""
    if read is None:
        return None
    return domain.Webhooks(
        signature=read.signature,
        secrets=read.secret,
        handshake=_handshake(read.handshake),
        may_differ=tuple(read.may_differ),
        events={name: domain.EventRule(one.type, one.data) for name, one in read.events.items()},
        sinks={name: _sink(one) for name, one in read.sinks.items()},
        volume=_volume(read.volume),
        lag=domain.LagRules(**given(read.lag, "p95", "window", "lasting")),
        subscription=_subscription(read.subscription),
        **given(read, *_PLAIN),
    )


def _handshake(read: wire.Handshake | None) -> domain.Handshake | None:
    return domain.Handshake(read.query, read.when, read.answer) if read else None


def _sink(read: wire.Sink) -> domain.Sink:
    if read.http is not None:
        http = read.http
        return domain.HttpSink(http.url, http.secret, **given(http, "retry_for"))
    if read.sql is None:
        raise ValueError("a sink is either `http` or `sql`; the checks have seen to that")
    return domain.SqlSink(read.sql.url, read.sql.table, **given(read.sql, "retry_for"))


def _volume(read: wire.VolumeRules) -> domain.VolumeRules:
    heartbeat = given(read.heartbeat, "every", "grace") if read.heartbeat else {}
    return domain.VolumeRules(**given(read, "alarms", "timezone", "holidays", "drop"), **heartbeat)


def _subscription(read: wire.Subscription | None) -> domain.Subscription | None:
    if read is None:
        return None
    method, path = read.request.split(" ", 1)
    return domain.Subscription(method, path, read.enabled, **given(read, "every"))
