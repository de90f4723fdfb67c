"""When and how often the CRM posts an event: at once and once, unless a fault asks otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from integration_monitor.demo.crm_events import CrmEvent

COPIES = 3
FORGED_EACH = 3
LATE_EACH = 2
LATE_BY = timedelta(seconds=60)
HELD_FOR = timedelta(seconds=3)
"""How long an event is held back that a newer one is to overtake, or that is repeated."""


@dataclass(frozen=True)
class Sending:
    """How the CRM sends its webhooks."""

    stopped: bool = False
    """Sends none; what happens meanwhile is never told."""
    forged: bool = False
    """Signs some by a secret that was not agreed on."""
    copied: bool = False
    """Sends each event several times."""
    late: bool = False
    """Holds some events back."""
    overtaken: bool = False
    """Sends a deal's newer change first, and then the older one."""


AS_AGREED = Sending()


@dataclass(frozen=True)
class Departure:
    """One posting of an event."""

    due: datetime
    event: CrmEvent
    forged: bool = False
    attempt: int = 1


def departures(
    event: CrmEvent,
    number: int,
    sending: Sending,
    *,
    change_again: Callable[[CrmEvent], CrmEvent],
) -> Iterator[Departure]:
    """When the event of this number is posted; with whatever else happened to its deal."""
    at = event.occurred_at
    if sending.stopped:
        return
    if sending.overtaken and event.type == "deal.changed":
        yield Departure(at, change_again(event))
        yield Departure(at + HELD_FOR, event)
        return
    late = LATE_BY if sending.late and number % LATE_EACH == 0 else timedelta(0)
    forged = sending.forged and number % FORGED_EACH == 0
    for copy in range(COPIES if sending.copied else 1):
        yield Departure(at + late + copy * HELD_FOR, event, forged=forged)
