"""Who misses what, in tables for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from integration_monitor.signals.facts import KINDS, GapExample, SyncFacts
from integration_monitor.signals.wording import clock, number, table

TENANTS_SHOWN = 100


def details(facts: SyncFacts) -> str:
    """Markdown: who misses what by name, and which connections could not be read."""
    unread = [(c.connection, c.error) for c in facts.connections if c.error is not None]
    sections = {
        "How many": _tenant_table(facts),
        "Which": _example_table([e for c in facts.connections for e in c.examples]),
        "Not seen": table(("connection", "could not be read because"), unread),
    }
    # Without a line between them Dagster shows tables as one.
    return "\n\n".join(f"**{name}**\n\n{rows}" for name, rows in sections.items() if rows)


def _tenant_table(facts: SyncFacts) -> str:
    rows = [
        (
            tenant.tenant,
            *(number(tenant.gaps.get(kind, 0)) for kind in KINDS),
            number(tenant.pending),
            number(tenant.expected),
            clock(tenant.oldest) if tenant.oldest else "",
        )
        for tenant in facts.tenants()
        if sum(tenant.gaps.values())
    ]
    header = ("tenant", *KINDS, "on the way", "expected in 24 h", "oldest owed")
    shown = table(header, rows[:TENANTS_SHOWN])
    more = len(rows) - TENANTS_SHOWN
    return f"{shown}\n\nand {number(more)} more tenants" if more > 0 else shown


def _example_table(examples: Sequence[GapExample]) -> str:
    shown = examples[:200]
    rows = [(e.tenant, e.key, e.kind, clock(e.since) if e.since else "", e.note) for e in shown]
    header = ("tenant", "record", "what", "since", "found")
    if not any(e.why for e in shown):
        return table(header, rows)
    explained = [(*row, e.why) for row, e in zip(rows, shown, strict=True)]
    return table((*header, "the last call failed with"), explained)
