"""What is known of the webhooks of many integrations: each kind of fact in one query for all.

Of a busy fleet only the newest events are looked at, so that a tick costs the same however many
come: `MOST` of all integrations together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.webhook_facts import WebhookFacts
from integration_monitor.store import (
    receiver_times,
    webhook_handed,
    webhook_lags,
    webhook_requests,
    webhook_waiting,
)
from integration_monitor.store.webhook_tables import webhook_events

MOST = 200_000
"""Events that are looked at one by one."""


def read(
    connection: sa.Connection, integrations: Sequence[Integration], now: datetime
) -> Mapping[str, WebhookFacts]:
    """The facts of each integration that declares webhooks. Others are left out."""
    declared = {each.name: each.webhooks for each in integrations if each.webhooks}
    if not declared:
        return {}
    names = list(declared)
    # Events of this scan are wide; a plan for all of them is not worth compiling.
    connection.execute(sa.text("SET LOCAL jit = off"))
    after = newest_after(connection)
    lag_rules = {name: rules.lag for name, rules in declared.items()}
    lags = webhook_lags.read(connection, lag_rules, after, now)
    requests = webhook_requests.read(connection, names, after, now)
    sinks = webhook_handed.sinks(connection, names, after, now)
    unprocessable = webhook_handed.unprocessable(connection, names, after, now)
    waiting = webhook_waiting.read(connection, names)
    worked = webhook_waiting.last_processed(connection, names, after)
    is_heard = not receiver_times.is_blind(connection, now)
    return {
        name: WebhookFacts(
            name,
            rules,
            arrival=lags.arrival.get(name, webhook_lags.UNKNOWN),
            processing=lags.processing.get(name, webhook_lags.UNKNOWN),
            events=lags.events.get(name, 0),
            is_heard=is_heard,
            ahead=lags.ahead.get(name, (0, 0.0))[0],
            ahead_by=lags.ahead.get(name, (0, 0.0))[1],
            connections=requests.connections.get(name, {}),
            first_seen=requests.first_seen.get(name, {}),
            sinks=sinks.get(name, {}),
            unprocessable=unprocessable.get(name, {}),
            waiting=waiting.get(name, {}),
            last_processed=worked.get(name),
        )
        for name, rules in declared.items()
    }


def newest_after(connection: sa.Connection) -> int:
    """The id above which those events are that are looked at one by one."""
    newest = connection.execute(sa.select(sa.func.max(webhook_events.c.id))).scalar() or 0
    return max(newest - MOST, 0)
