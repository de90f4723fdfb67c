"""Numbers about each side of a sync, under keys that stay: Dagster draws them as curves. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from integration_monitor.signals.facts import SyncFacts


def source_numbers(facts: SyncFacts) -> dict[str, float]:
    """`read` records, `connections`, those unread; `records` in total, where it is known."""
    numbers: dict[str, float] = {
        "read": sum(c.read for c in facts.connections),
        "connections": len(facts.connections),
        "connections_unread": sum(1 for c in facts.connections if c.error is not None),
    }
    return _with_total(numbers, [c.source_records for c in facts.connections])


def destination_numbers(facts: SyncFacts) -> dict[str, float]:
    """`gaps` and `pending` records; `records` in total, where it is known."""
    tenants = [tenant for c in facts.connections for tenant in c.tenants]
    numbers: dict[str, float] = {
        "gaps": sum(sum(tenant.gaps.values()) for tenant in tenants),
        "pending": sum(tenant.pending for tenant in tenants),
    }
    return _with_total(numbers, [c.destination_records for c in facts.connections])


def _with_total(numbers: dict[str, float], counts: Sequence[int | None]) -> dict[str, float]:
    known = [count for count in counts if count is not None]
    # A sum that leaves a connection out would look like a loss of records.
    if known and len(known) == len(counts):
        numbers["records"] = sum(known)
    return numbers
