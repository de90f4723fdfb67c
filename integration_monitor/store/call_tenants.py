"""How the calls of tenants ended, where some failed: it costs what the failing tenants cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.manifest.domain import SINGLE
from integration_monitor.signals.call_facts import Stretches, TenantCalls
from integration_monitor.signals.call_outcome import AUTH, HARMLESS
from integration_monitor.signals.call_rules import FEWEST
from integration_monitor.store.call_spans import Span

Followed = Mapping[str, Collection[str]]
"""Tenants by integration that are looked at whether their calls fail or not."""

# Who fails is found by the index on failed calls; only then is it counted what else they called.
_COUNTS = sa.text("""
    WITH rule AS (
        SELECT * FROM unnest(
            CAST(:integrations AS text[]), CAST(:windows AS timestamptz[]),
            CAST(:olders AS timestamptz[]), CAST(:newers AS timestamptz[])
        ) AS rule (integration, opened, older, newer)
    ), looked_at AS MATERIALIZED (
        SELECT integration, tenant
        FROM integration_monitor.tenant_minutes JOIN rule USING (integration)
        WHERE minute >= :earliest AND minute < :end AND minute >= opened
          AND outcome <> 'ok' AND outcome <> ALL (:harmless)
        GROUP BY integration, tenant
        HAVING sum(calls) >= :fewest AND tenant <> :nobody OR bool_or(outcome = ANY (:auth))
        UNION
        SELECT * FROM unnest(CAST(:followed_by AS text[]), CAST(:followed AS text[]))
    )
    SELECT integration, tenant, endpoint, outcome,
           CAST(coalesce(sum(calls) FILTER (WHERE minute >= opened), 0) AS bigint),
           CAST(coalesce(sum(calls) FILTER (WHERE minute >= older), 0) AS bigint),
           CAST(coalesce(sum(calls) FILTER (WHERE minute >= newer), 0) AS bigint)
    FROM looked_at JOIN rule USING (integration)
    JOIN integration_monitor.tenant_minutes USING (integration, tenant)
    WHERE minute >= :earliest AND minute < :end
    GROUP BY integration, tenant, endpoint, outcome
""")


def read(
    connection: sa.Connection, spans: Sequence[Span], end: datetime, followed: Followed
) -> dict[str, dict[str, TenantCalls]]:
    """The tenants of each integration that have failed calls in its window or are followed.

    One that is followed and called nothing is not there. Calls that name no tenant are looked at
    for refusals only: all else about them is said of the integration.
    """
    known = {span.name for span in spans}
    pairs = [(name, each) for name, tenants in followed.items() for each in tenants]
    pairs = [pair for pair in pairs if pair[0] in known]
    rows = connection.execute(
        _COUNTS,
        {
            "integrations": [span.name for span in spans],
            "windows": [span.window for span in spans],
            "olders": [span.tenants.older for span in spans],
            "newers": [span.tenants.newer for span in spans],
            "followed_by": [name for name, _ in pairs],
            "followed": [tenant for _, tenant in pairs],
            "earliest": min(min(span.window, span.tenants.older) for span in spans),
            "end": end,
            "harmless": list(HARMLESS),
            "auth": list(AUTH),
            "fewest": FEWEST,
            "nobody": SINGLE,
        },
    )
    found: dict[str, dict[str, dict[str, dict[str, Stretches]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(dict))
    )
    for name, tenant, endpoint, outcome, window, older, newer in rows:
        if window:
            found[name][tenant][endpoint][outcome] = Stretches(window, older - newer, newer)
    return {
        name: {tenant: TenantCalls(ended) for tenant, ended in tenants.items()}
        for name, tenants in found.items()
    }
