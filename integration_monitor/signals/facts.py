"""What is known about a sync when it is judged: from the ledger and the last reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

KINDS = ("missing", "stale", "misplaced", "extra")


@dataclass(frozen=True)
class TenantFacts:
    """What is owed to one tenant over one connection. Counts are distinct records."""

    tenant: str
    expected: int = 0
    """Record versions expected in the trailing 24 hours."""
    gaps: Mapping[str, int] = field(default_factory=dict)
    """By kind: `missing`, `stale`, `misplaced`, `extra`."""
    pending: int = 0
    oldest: datetime | None = None
    """The oldest version owed, on the source's clock."""

    @property
    def lost(self) -> int:
        """Gaps that count against the tolerance: missing and stale records."""
        return self.gaps.get("missing", 0) + self.gaps.get("stale", 0)


@dataclass(frozen=True)
class GapExample:
    """One gap by name."""

    tenant: str
    key: str
    kind: str
    since: datetime | None
    note: str = ""
    why: str = ""
    """What the last call that was to write it failed with, where that is known."""


@dataclass(frozen=True)
class ConnectionFacts:
    """One connection of a sync: how the last reading went, and what it owes."""

    connection: str
    tenants: Sequence[TenantFacts] = ()
    examples: Sequence[GapExample] = ()
    error: str | None = None
    """Why it could not be read, None where it could."""
    behind: bool = False
    """The request budget ended before the source's now was reached."""
    stuck: bool = False
    """It ended before anything was covered, as it will in the next run."""
    covered_to: datetime | None = None
    source_now: datetime | None = None
    source_records: int | None = None
    destination_records: int | None = None
    unexplained: int | None = None
    """Difference of totals that the ledger does not explain; None where it cannot be said."""
    unexplained_before: int | None = None
    """The same in the run before."""
    read: int = 0
    """Records read in this run."""
    malformed: Mapping[str, int] = field(default_factory=dict)
    """Records that cannot be reconciled, by reason."""
    unwatched: int = 0
    """Rows without key or `updated_at`: no range of time finds them."""
    no_tenant: int = 0
    duplicates: int = 0
    """Keys that the destination holds more than once."""
    presence_only: bool = False
    """One of the sides keeps no version: only presence was compared."""
    source_watermark: datetime | None = None
    destination_watermark: datetime | None = None
    load_lags_s: Sequence[float] = ()
    """`loaded_at - updated_at` of the records read in this run, in seconds."""
    notes: Sequence[str] = ()
    requests: int = 0


@dataclass(frozen=True)
class SyncFacts:
    """All connections of a sync.

    Where they could not even be listed, `error` says why, and they are those of earlier readings.
    """

    connections: Sequence[ConnectionFacts]
    error: str | None = None

    def tenants(self) -> list[TenantFacts]:
        """What is owed, by connection and tenant."""
        return [tenant for connection in self.connections for tenant in connection.tenants]
