"""What happens at the CRM, as its webhooks tell it: deals that are made and changed, mails read."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integration_monitor.demo.clock import Ticker, iso
from integration_monitor.demo.collection import Collection
from integration_monitor.demo.rhythm import TELLING, Stream

STAGES = ("new", "qualified", "offered", "negotiating", "won", "lost")
_DEALS_KEPT = 40
"""Of each customer; older ones are not changed any more."""
_DEALS_AT_FIRST = 20


@dataclass(frozen=True)
class CrmEvent:
    """Something that happened to an object of a customer."""

    id: str
    type: str
    tenant: str
    object: str
    occurred_at: datetime
    data: Mapping[str, Any]

    def body(self) -> bytes:
        """As the CRM posts it."""
        told = {
            "id": self.id,
            "type": self.type,
            "account": self.tenant,
            "occurred_at": iso(self.occurred_at),
            "object": {"id": self.object, **self.data},
        }
        return json.dumps(told, separators=(",", ":")).encode()


class CrmEvents:
    """Lets events happen. Used by one thread."""

    def __init__(self, contacts: Collection, rng: random.Random) -> None:
        self._contacts = contacts
        self._rng = rng
        self._ticker = Ticker()
        self._deal_number = 0
        self._deals: dict[str, deque[str]] = {
            tenant: deque((self._new_deal() for _ in range(_DEALS_AT_FIRST)), _DEALS_KEPT)
            for tenant in TELLING
        }
        self._make: Mapping[str, Callable[[str], tuple[str, Mapping[str, Any]]]] = {
            "mail.opened": self._opened,
            "deal.created": self._created,
            "deal.changed": self._changed,
        }

    def happen(self, stream: Stream, now: datetime) -> CrmEvent:
        """One event of a stream, at a time that no other one has."""
        object_, data = self._make[stream.type](stream.tenant)
        return self._event(stream, object_, data, now)

    def change_again(self, event: CrmEvent, now: datetime) -> CrmEvent:
        """A later change of the deal that this event is about."""
        return self._event(Stream(event.tenant, event.type), event.object, self._deal(), now)

    def _event(
        self, stream: Stream, object_: str, data: Mapping[str, Any], now: datetime
    ) -> CrmEvent:
        id_ = f"evt_{self._rng.getrandbits(80):020x}"
        at = self._ticker.next(now)
        return CrmEvent(id_, stream.type, stream.tenant, object_, at, data)

    def _opened(self, tenant: str) -> tuple[str, Mapping[str, Any]]:
        # Before the first contacts are there, nobody in particular.
        contact = self._rng.choice(self._contacts.keys(tenant) or ["con-00000"])
        return contact, {"campaign": f"cam-{self._rng.randrange(1, 30):03}"}

    def _created(self, tenant: str) -> tuple[str, Mapping[str, Any]]:
        deal = self._new_deal()
        self._deals[tenant].append(deal)
        return deal, {**self._deal(), "stage": STAGES[0]}

    def _changed(self, tenant: str) -> tuple[str, Mapping[str, Any]]:
        return self._rng.choice(self._deals[tenant]), self._deal()

    def _deal(self) -> Mapping[str, Any]:
        stage, amount = self._rng.choice(STAGES[1:]), self._rng.randrange(5, 500) * 10_000
        return {"stage": stage, "amount_cents": amount}

    def _new_deal(self) -> str:
        self._deal_number += 1
        return f"deal-{self._deal_number:05}"
