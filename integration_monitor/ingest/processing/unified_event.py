"""Unified events: one shape, whichever partner they come from. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

BELIEVED = timedelta(days=1)
"""An event that says it occurred later than this after it came has a wrong clock."""


@dataclass(frozen=True)
class Raw:
    """Where a unified event comes from: what `webhooks show` finds it by."""

    id: str
    """The partner's event id."""
    type: str
    connection: str
    sha256: str
    """Of the partner's event as it is stored, in hexadecimal digits."""


@dataclass(frozen=True)
class UnifiedEvent:
    """What an event of a partner is to us."""

    id: str
    """The same at every attempt, at every sink and after a replay."""
    type: str
    kind: str
    """What it is about: its type without the last word."""
    integration: str
    tenant: str
    object_id: str | None
    occurred_at: datetime | None
    received_at: datetime
    sequence: int
    """Grows with each event that is received."""
    conflicting: bool
    """Its event id came before with another body; both are handed on, with ids of their own."""
    data: Mapping[str, Any]
    raw: Raw

    @property
    def version(self) -> tuple[datetime, int]:
        """What orders the events of one object: a greater one is newer."""
        return version(self.occurred_at, self.received_at, self.sequence)

    def as_json(self, *, superseded: bool) -> str:
        """The event as JSON; `superseded`: a newer one of its object is known."""
        document = {
            "id": self.id,
            "type": self.type,
            "kind": self.kind,
            "integration": self.integration,
            "tenant": self.tenant,
            "object_id": self.object_id,
            "occurred_at": utc(self.occurred_at),
            "received_at": utc(self.received_at),
            "sequence": self.sequence,
            "superseded": superseded,
            "conflicting": self.conflicting,
            "data": self.data,
            "raw": raw_reference(self.raw),
        }
        return json.dumps(document, separators=(",", ":"))


def unified_id(
    integration: str, connection: str, event_id: str, conflicting_body: bytes | None = None
) -> str:
    """An id that depends on nothing but the partner's event: `evt_` and 32 hexadecimal digits.

    An event whose id came with another body before is told apart by a digest of its own.
    """
    parts = [integration.encode(), connection.encode(), event_id.encode()]
    if conflicting_body is not None:
        parts.append(conflicting_body)
    framed = b"".join(len(part).to_bytes(8) + part for part in parts)
    return f"evt_{sha256(framed).hexdigest()[:32]}"


def version(
    occurred_at: datetime | None, received_at: datetime, sequence: int
) -> tuple[datetime, int]:
    """When an event happened, as far as is known, and which came later of two at one time.

    A time more than a day after the event came is not believed: one wrong clock would make all
    later events of the object look old.
    """
    if occurred_at is None or occurred_at > received_at + BELIEVED:
        return received_at, sequence
    return occurred_at, sequence


def raw_reference(raw: Raw) -> dict[str, str]:
    """A reference to the partner's event, as JSON has it."""
    return {
        "id": raw.id,
        "type": raw.type,
        "connection": raw.connection,
        "sha256": raw.sha256,
    }


def utc(at: datetime | None) -> str | None:
    """A time as ISO 8601 in UTC, as exactly as it is known."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
