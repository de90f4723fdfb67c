"""Putting together what is judged: how each connection was read, and what the ledger holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from integration_monitor.observe.run import Reconciled
from integration_monitor.signals.facts import ConnectionFacts, GapExample, TenantFacts
from integration_monitor.signals.refusal import failed_with
from integration_monitor.signals.wording import clock
from integration_monitor.store import coverage, ledger_listing, refusals, stretches
from integration_monitor.store.call_batch import Exemplar
from integration_monitor.store.ledger_listing import GapRow, TenantOwed
from integration_monitor.store.stretches import OwedStretch

EXPECTED_WITHIN = timedelta(hours=24)
EXAMPLES_PER_TENANT = 20


def connection_facts(
    connection: sa.Connection,
    integration: str,
    sync: str,
    results: Sequence[Reconciled],
    *,
    grace: timedelta,
    now: datetime,
    keyed: bool = False,
) -> tuple[ConnectionFacts, ...]:
    """The facts of every connection of a sync that was measured, in the order of `results`.

    `keyed` says whether failing calls may name the records that they were about.
    """
    expected = coverage.expected(connection, integration, sync, now - EXPECTED_WITHIN)
    owed = {
        (o.connection, o.tenant): o for o in ledger_listing.summary(connection, integration, sync)
    }
    large = stretches.of_sync(connection, integration, sync)
    reasons = refusals.of_gaps(connection, integration, sync) if keyed else {}
    examples = _examples(connection, integration, sync, large, now - grace, reasons)
    names: dict[str, set[str]] = defaultdict(set)
    for name, tenant in (*expected, *owed):
        names[name].add(tenant)
    for name, stretch in large:
        names[name].update(stretch.owed)
    return tuple(
        _facts(
            result,
            [
                _tenant(
                    tenant,
                    expected.get((result.unit.connection, tenant), 0),
                    owed.get((result.unit.connection, tenant)),
                    [s for name, s in large if name == result.unit.connection],
                    now - grace,
                )
                for tenant in sorted(names[result.unit.connection])
            ],
            examples[result.unit.connection],
        )
        for result in results
    )


def _tenant(
    tenant: str,
    expected: int,
    owed: TenantOwed | None,
    large: Sequence[OwedStretch],
    gap_before: datetime,
) -> TenantFacts:
    gaps: dict[str, int] = dict(owed.gaps.items()) if owed else {}
    pending = owed.pending if owed else 0
    oldest = [owed.oldest] if owed and owed.oldest else []
    for stretch in large:
        n = stretch.owed.get(tenant, 0)
        if not n:
            continue
        oldest.append(stretch.start)
        if stretch.first_seen <= gap_before:
            gaps["missing"] = gaps.get("missing", 0) + n
        else:
            pending += n
    return TenantFacts(tenant, expected, gaps, pending, min(oldest, default=None))


def _examples(
    connection: sa.Connection,
    integration: str,
    sync: str,
    large: Sequence[tuple[str, OwedStretch]],
    gap_before: datetime,
    reasons: Mapping[int, Exemplar],
) -> Mapping[str, list[GapExample]]:
    found: dict[str, list[GapExample]] = defaultdict(list)
    rows = ledger_listing.gaps(
        connection, integration, sync, per_tenant=EXAMPLES_PER_TENANT, rather=reasons
    )
    for row in rows:
        reason = why_refused(reasons.get(row.id))
        found[row.connection].append(
            GapExample(row.tenant, row.key, row.kind, row.gap_since, _note(row), reason)
        )
    for name, stretch in large:
        if stretch.first_seen <= gap_before:
            found[name] += [
                GapExample(tenant, key, "missing", stretch.first_seen)
                for tenant, key in stretch.examples
            ]
    return found


def why_refused(call: Exemplar | None) -> str:
    """What a failing call was answered, in words; nothing where there is none."""
    if call is None:
        return ""
    return failed_with(call.outcome, status=call.status, message=call.message, code=call.error_code)


def _note(row: GapRow) -> str:
    if row.kind == "misplaced":
        return f"found for {row.found_tenant or 'no tenant'}"
    if row.kind == "stale" and row.version is not None:
        there = clock(row.found_version) if row.found_version else "none"
        return f"version {there} there, {clock(row.version)} at the source"
    if row.kind == "extra":
        return "not at the source"
    return ""


def _facts(
    result: Reconciled, tenants: Sequence[TenantFacts], examples: Sequence[GapExample]
) -> ConnectionFacts:
    return ConnectionFacts(
        connection=result.unit.connection,
        tenants=tenants,
        examples=examples,
        error=result.error,
        behind=result.behind,
        stuck=result.stuck,
        covered_to=result.covered_to,
        source_now=result.source_now,
        source_records=result.source.records,
        destination_records=result.destination.records,
        unexplained=result.unexplained,
        unexplained_before=result.unexplained_before,
        read=result.read,
        malformed=dict(result.malformed),
        unwatched=result.source.unwatched,
        no_tenant=result.source.no_tenant,
        duplicates=result.duplicates,
        presence_only=result.presence_only,
        source_watermark=result.source_watermark,
        destination_watermark=result.destination_watermark,
        load_lags_s=result.load_lags_s,
        notes=tuple(result.notes),
        requests=result.requests,
    )
