"""How often what the CRM tells of happens: more by day than by night, less at weekends. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from integration_monitor.demo.company import TENANTS

TELLING = TENANTS[:8]
"""The customers whose events the CRM tells; the first ones have more of them."""
TYPES: Mapping[str, float] = {"mail.opened": 0.6, "deal.changed": 0.3, "deal.created": 0.1}
"""The CRM's types of events, each with its share."""
EVENTS_A_SECOND = 0.5
"""On the average of a weekday: so many that silence is noticed within two minutes, at night too,
and so few that a machine which is busy for ten seconds is no silence."""
EVENNESS = 6.0
"""The shape of the gamma distribution of the gaps in a stream; 1 would be pure chance. People do
not take turns, but a demo is to show no silence that came by chance alone."""
_SWING = 0.4
_BUSIEST_HOUR = 14
_WEEKEND = 0.7


class Stream(NamedTuple):
    """The events of one type of one customer."""

    tenant: str
    type: str


def activity(at: datetime) -> float:
    """How busy people are, 1 on the average of a weekday; the same within an hour of the week."""
    there = at.astimezone(UTC)
    by_hour = 1 + _SWING * math.cos(math.tau * (there.hour - _BUSIEST_HOUR) / 24)
    return by_hour * (_WEEKEND if there.weekday() >= 5 else 1.0)


def streams() -> Mapping[Stream, float]:
    """Every stream, with its events a second at an activity of 1."""
    sizes = {tenant: len(TELLING) + 2 - place for place, tenant in enumerate(TELLING)}
    each = EVENTS_A_SECOND / sum(sizes.values())
    return {
        Stream(tenant, type_): each * size * share
        for tenant, size in sizes.items()
        for type_, share in TYPES.items()
    }
