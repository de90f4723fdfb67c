"""The sync that sends the product's invoices to the billing partner: naive, like a real one."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

import httpx
import sqlalchemy as sa

from integration_monitor.demo.clock import iso
from integration_monitor.demo.company import accounts, invoices
from integration_monitor.demo.sync_run import (
    Customer,
    PartnerCalls,
    RecordError,
    SyncError,
    SyncRun,
    TenantError,
)

BATCH = 100
ONE_BY_ONE = 20
"""Up to so many invoices of a tenant are sent each by itself, more in batches."""


class BillingSync:
    """Reads the invoices that changed since the last one it saw, and sends them per tenant."""

    def __init__(self, http: httpx.Client, product: sa.Engine) -> None:
        self._http = http
        self._product = product
        self._cursor = datetime.min.replace(tzinfo=UTC)
        self._held: dict[str, datetime] = {}
        """The cursors of tenants that stay behind."""
        self._given_up: set[str] = set()
        self._runs = 0

    def through(self, http: httpx.Client) -> None:
        """Call the partner through this client from now on."""
        self._http = http

    def run(self, now: datetime, drop: Set[str] = frozenset()) -> SyncRun:
        """Send what changed; invoices whose key is in `drop` are lost on the way."""
        self._runs += 1
        run = SyncRun(self._runs, now)
        calls = PartnerCalls(self._http, run)
        held: dict[str, datetime] = {}
        try:
            changed = self._changed()
            for customer, rows in changed:
                if not self._served(calls, run, customer, rows, drop):
                    held[customer.tenant] = self._held.get(customer.tenant, self._cursor)
        except (SyncError, sa.exc.SQLAlchemyError) as error:
            run.error = str(error) if isinstance(error, SyncError) else "stopped: database error"
            return run
        self._held = held
        times = [row.updated_at for _, rows in changed for row in rows]
        self._cursor = max([self._cursor, *times])
        return run

    def rewind(self, to: datetime) -> None:
        """Send everything again that changed since then."""
        self._cursor = min(self._cursor, to)
        self._held = {tenant: min(cursor, to) for tenant, cursor in self._held.items()}

    def reconnect(self) -> None:
        """Try the tenants again that were given up."""
        self._given_up.clear()

    def _changed(self) -> list[tuple[Customer, list[sa.Row[Any]]]]:
        behind = sa.or_(
            invoices.c.updated_at > self._cursor,
            *(
                (invoices.c.tenant == tenant) & (invoices.c.updated_at > cursor)
                for tenant, cursor in self._held.items()
            ),
        )
        query = (
            sa.select(invoices, accounts.c.billing_token)
            .join(accounts, accounts.c.tenant == invoices.c.tenant)
            .where(behind)
            .order_by(invoices.c.tenant, invoices.c.updated_at)
        )
        with self._product.connect() as connection:
            found = connection.execute(query).all()
        return [
            (Customer(tenant, rows[0].billing_token), rows)
            for tenant, group in groupby(found, key=attrgetter("tenant"))
            if (rows := list(group))
        ]

    def _served(
        self,
        calls: PartnerCalls,
        run: SyncRun,
        customer: Customer,
        rows: Sequence[sa.Row[Any]],
        drop: Set[str],
    ) -> bool:
        """Send a tenant's invoices; whether the partner took them."""
        if customer.tenant not in self._given_up:
            try:
                self._send(calls, run, customer, rows, drop)
            except TenantError as error:
                if error.for_good:
                    self._given_up.add(customer.tenant)
            else:
                return True
        run.skipped.append(customer.tenant)
        return False

    def _send(
        self,
        calls: PartnerCalls,
        run: SyncRun,
        customer: Customer,
        rows: Sequence[sa.Row[Any]],
        drop: Set[str],
    ) -> None:
        kept = [row for row in rows if str(row.id) not in drop]
        refused = 0
        if len(rows) <= ONE_BY_ONE:
            refused = sum(not self._accepted(calls, customer, row) for row in kept)
        else:
            for first in range(0, len(kept), BATCH):
                batch = kept[first : first + BATCH]
                body = {"invoices": [{"external_id": str(row.id), **_body(row)} for row in batch]}
                calls.send("POST", "/billing/invoices/batch/upsert", customer, json=body)
        run.refused += refused
        # By its own account: it knows nothing of what it loses.
        run.records += len(rows) - refused

    def _accepted(self, calls: PartnerCalls, customer: Customer, row: sa.Row[Any]) -> bool:
        try:
            calls.send("PUT", f"/billing/invoices/{row.id}", customer, json=_body(row))
        except RecordError:
            # Like many a sync: it is written into a log that nobody reads.
            return False
        return True


def _body(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "number": row.number,
        "amount_cents": row.amount_cents,
        "status": row.status,
        "source_updated_at": iso(row.updated_at),
    }
