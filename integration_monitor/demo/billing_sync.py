"""The sync that sends the product's invoices to the billing partner: naive, like a real one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

import httpx
import sqlalchemy as sa

from integration_monitor.demo.clock import iso
from integration_monitor.demo.company import accounts, invoices
from integration_monitor.demo.sync_run import PartnerCalls, SyncError, SyncRun

BATCH = 100


class BillingSync:
    """Reads the invoices that changed since the last one it saw, and upserts them per tenant."""

    def __init__(self, http: httpx.Client, product: sa.Engine) -> None:
        self._http = http
        self._product = product
        self._cursor = datetime.min.replace(tzinfo=UTC)
        self._runs = 0

    def run(self, now: datetime, drop: Set[str] = frozenset()) -> SyncRun:
        """Send what changed; invoices whose key is in `drop` are lost on the way."""
        self._runs += 1
        run = SyncRun(self._runs, now)
        try:
            changed = self._changed()
            for tenant, token, rows in changed:
                self._send(PartnerCalls(self._http, run), run, tenant, token, rows, drop)
        except (SyncError, sa.exc.SQLAlchemyError) as error:
            run.error = str(error) if isinstance(error, SyncError) else "stopped: database error"
            return run
        times = [row.updated_at for _, _, rows in changed for row in rows]
        self._cursor = max([self._cursor, *times])
        return run

    def rewind(self, to: datetime) -> None:
        """Send everything again that changed since then."""
        self._cursor = min(self._cursor, to)

    def _changed(self) -> list[tuple[str, str, list[sa.Row[Any]]]]:
        query = (
            sa.select(invoices, accounts.c.billing_token)
            .join(accounts, accounts.c.tenant == invoices.c.tenant)
            .where(invoices.c.updated_at > self._cursor)
            .order_by(invoices.c.tenant, invoices.c.updated_at)
        )
        with self._product.connect() as connection:
            found = connection.execute(query).all()
        return [
            (tenant, rows[0].billing_token, rows)
            for tenant, group in groupby(found, key=attrgetter("tenant"))
            if (rows := list(group))
        ]

    def _send(
        self,
        calls: PartnerCalls,
        run: SyncRun,
        tenant: str,
        token: str,
        rows: Sequence[sa.Row[Any]],
        drop: Set[str],
    ) -> None:
        for batch in _batches(rows):
            body = {"invoices": [_body(row) for row in batch if str(row.id) not in drop]}
            path = "/billing/invoices/batch/upsert"
            if calls.send("POST", path, token=token, json=body) is None:
                run.skipped.append(tenant)
                return
            run.records += len(batch)


def _batches(rows: Sequence[sa.Row[Any]]) -> Iterator[Sequence[sa.Row[Any]]]:
    return (rows[first : first + BATCH] for first in range(0, len(rows), BATCH))


def _body(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "external_id": str(row.id),
        "number": row.number,
        "amount_cents": row.amount_cents,
        "status": row.status,
        "source_updated_at": iso(row.updated_at),
    }
