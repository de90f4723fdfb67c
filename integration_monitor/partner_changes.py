"""What partners announce and change, judged for a whole fleet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals import changelog, deprecation, response_schema
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import changelog as changelogs
from integration_monitor.store import notices, response_shapes


def judge_partner_changes(
    connection: sa.Connection, integrations: Sequence[Integration], now: datetime
) -> tuple[Verdict, ...]:
    """The verdicts of the signals that are about what the partner does, not how calls end."""
    names = [each.name for each in integrations]
    announced = notices.of_fleet(connection, integrations, now)
    fields = response_shapes.of_fleet(connection, names)
    feeds = changelogs.of_fleet(connection, names, now)
    return tuple(
        verdict
        for each in integrations
        for verdict in (
            deprecation.judge(each, announced.get(each.name, ()), now),
            response_schema.judge(each, fields.get(each.name, ()), now),
            changelog.judge(each, feeds.get(each.name), now),
        )
    )
