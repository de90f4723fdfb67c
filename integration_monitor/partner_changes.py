"""What partners announce and change, judged for a whole fleet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.failures import describe
from integration_monitor.manifest.domain import Integration
from integration_monitor.signals import changelog, deprecation, response_schema
from integration_monitor.signals.api import ApiSignal, verdict
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import changelog as changelogs
from integration_monitor.store import notices, response_shapes

_Judge = Callable[[Integration], Verdict]


def judge_partner_changes(
    connection: sa.Connection, integrations: Sequence[Integration], now: datetime
) -> tuple[Verdict, ...]:
    """The verdicts of the signals that are about what the partner does, not how calls end."""
    judges = _judges(connection, integrations, now)
    return tuple(
        _judged(signal, judge, each, now)
        for each in integrations
        for signal, judge in judges.items()
    )


def _judges(
    connection: sa.Connection, integrations: Sequence[Integration], now: datetime
) -> Mapping[ApiSignal, _Judge]:
    """Each signal with its facts of all integrations."""
    announced = notices.of_fleet(connection, integrations, now)
    names = [each.name for each in integrations]
    fields = response_shapes.of_fleet(connection, names)
    feeds = changelogs.of_fleet(connection, names, now)
    return {
        "deprecation": lambda each: deprecation.judge(each, announced.get(each.name, ()), now),
        "response_schema": lambda each: response_schema.judge(each, fields.get(each.name, ()), now),
        "changelog": lambda each: changelog.judge(each, feeds.get(each.name), now),
    }


def _judged(signal: ApiSignal, judge: _Judge, integration: Integration, now: datetime) -> Verdict:
    try:
        return judge(integration)
    except Exception as error:  # noqa: BLE001 - one integration must not blind all others
        reason = f"it could not be judged: the monitor {describe(error)}"
        return verdict(signal, integration, Judged("unknown", reason, "ticket"), now)
