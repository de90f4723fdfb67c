"""Gaps of which it is known why: a call that was to write the record failed."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from integration_monitor.store.call_batch import NO_TENANT, Exemplar
from integration_monitor.store.call_tables import exemplars
from integration_monitor.store.tables import owed

CLOCKS_DIFFER = timedelta(seconds=5)
"""By so much the source's clock, which dates versions, may go before that of who calls."""


def of_gaps(connection: sa.Connection, integration: str, sync: str) -> dict[int, Exemplar]:
    """The last failing call about the record of each open gap, by the gap's id in the ledger.

    Only calls since the version that is owed was made: an earlier one was about another version.
    Few calls are kept, so of many gaps only some are explained.
    """
    same_record = sa.and_(
        exemplars.c.integration == owed.c.integration,
        exemplars.c.key == owed.c.key,
        exemplars.c.key.is_not(None),  # said once more, for the index
        exemplars.c.tenant.in_((owed.c.tenant, NO_TENANT)),
        sa.or_(owed.c.version.is_(None), exemplars.c.at >= owed.c.version - CLOCKS_DIFFER),
    )
    columns = [exemplars.c[name] for name in Exemplar.__dataclass_fields__]
    query = (
        sa.select(owed.c.id, *columns)
        .ext(distinct_on(owed.c.id))
        .join_from(owed, exemplars, same_record)
        .where(
            owed.c.integration == integration,
            owed.c.sync == sync,
            owed.c.closed_at.is_(None),
            owed.c.is_gap,
        )
        .order_by(owed.c.id, exemplars.c.at.desc(), exemplars.c.id.desc())
    )
    return {row[0]: Exemplar(*row[1:]) for row in connection.execute(query)}
