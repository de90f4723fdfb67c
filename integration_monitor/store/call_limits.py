"""What partners said last of their limits, as far as it still holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.signals.call_facts import LimitFacts
from integration_monitor.store.call_spans import Span

# A limit without a reset holds for its window, and without that for as long as shares are formed.
_TIGHTEST = sa.text("""
    WITH rule AS (
        SELECT * FROM unnest(
            CAST(:integrations AS text[]), CAST(:windows AS timestamptz[]),
            CAST(:headrooms AS float8[])
        ) AS rule (integration, opened, headroom)
    )
    SELECT integration, policy,
           (array_agg(tenant ORDER BY remaining / CAST("limit" AS float8), tenant))[1],
           (array_agg("limit" ORDER BY remaining / CAST("limit" AS float8), tenant))[1],
           (array_agg(remaining ORDER BY remaining / CAST("limit" AS float8), tenant))[1],
           (array_agg(reset_at ORDER BY remaining / CAST("limit" AS float8), tenant))[1],
           (array_agg(seen_at ORDER BY remaining / CAST("limit" AS float8), tenant))[1],
           coalesce(array_agg(tenant ORDER BY tenant)
                    FILTER (WHERE remaining < headroom * "limit"), '{}')
    FROM integration_monitor.rate_limits JOIN rule USING (integration)
    WHERE "limit" > 0 AND remaining IS NOT NULL AND seen_at <= :now AND CASE
        WHEN reset_at IS NOT NULL THEN reset_at > :now
        WHEN window_s IS NOT NULL THEN seen_at + make_interval(secs => window_s) > :now
        ELSE seen_at >= opened END
    GROUP BY integration, policy ORDER BY integration, policy
""")


def read(
    connection: sa.Connection, spans: Sequence[Span], now: datetime
) -> dict[str, tuple[LimitFacts, ...]]:
    """The limits of each integration, by policy."""
    rows = connection.execute(
        _TIGHTEST,
        {
            "integrations": [span.name for span in spans],
            "windows": [span.window for span in spans],
            "headrooms": [span.integration.calls.rate_limits.headroom for span in spans],
            "now": now,
        },
    )
    found: dict[str, list[LimitFacts]] = defaultdict(list)
    for name, policy, tenant, limit, remaining, reset_at, seen_at, low in rows:
        known = LimitFacts(policy, tenant, limit, remaining, reset_at, seen_at, tuple(low))
        found[name].append(known)
    return {name: tuple(limits) for name, limits in found.items()}
