"""How many webhooks came, by integration, for the metrics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.store.webhook_tables import webhook_counts, webhook_rejections


@dataclass(frozen=True)
class Totals:
    """Of one integration, since a time."""

    received: int = 0
    """Events that were not there before."""
    duplicates: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    """Requests by reason."""


def read(connection: sa.Connection, names: Sequence[str], since: datetime) -> Mapping[str, Totals]:
    """By integration, since a full hour; those of which nothing came are there with zeros."""
    counts, rejections = webhook_counts.c, webhook_rejections.c
    added = sa.func.sum
    events = connection.execute(
        sa.select(counts.integration, added(counts.received), added(counts.duplicates))
        .where(counts.hour >= since, counts.integration.in_(list(names)))
        .group_by(counts.integration)
    )
    came = {name: (int(received), int(again)) for name, received, again in events}
    requests = connection.execute(
        sa.select(rejections.integration, rejections.reason, added(rejections.requests))
        .where(rejections.minute >= since, rejections.integration.in_(list(names)))
        .group_by(rejections.integration, rejections.reason)
    )
    rejected: dict[str, dict[str, int]] = defaultdict(dict)
    for name, reason, count in requests:
        rejected[name][reason] = int(count)
    return {name: Totals(*came.get(name, (0, 0)), rejected.get(name, {})) for name in names}
