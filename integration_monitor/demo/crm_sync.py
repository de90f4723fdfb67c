"""The sync that brings contacts from the CRM into the warehouse: naive, like many a real one."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime, timedelta
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from integration_monitor.demo.clock import iso, parse
from integration_monitor.demo.company import accounts, contacts
from integration_monitor.demo.sync_run import (
    Customer,
    PartnerCalls,
    SyncError,
    SyncRun,
    TenantError,
)


class CrmSync:
    """Reads each tenant's changed contacts since the last ones it saw, and upserts them."""

    def __init__(self, http: httpx.Client, product: sa.Engine, warehouse: sa.Engine) -> None:
        self._http = http
        self._product = product
        self._warehouse = warehouse
        self._cursors: dict[str, datetime] = {}
        self._given_up: set[str] = set()
        self._runs = 0

    def through(self, http: httpx.Client) -> None:
        """Call the partner through this client from now on."""
        self._http = http

    def run(
        self, now: datetime, drop: Set[str] = frozenset(), *, only: str | None = None
    ) -> SyncRun:
        """Move what changed, of all tenants or `only` one; what is in `drop` is lost on the way."""
        self._runs += 1
        run = SyncRun(self._runs, now)
        try:
            for customer in self._customers(only):
                self._serve(PartnerCalls(self._http, run), run, customer, drop)
        except (SyncError, sa.exc.SQLAlchemyError) as error:
            run.error = str(error) if isinstance(error, SyncError) else "stopped: database error"
        return run

    def rewind(self, to: datetime) -> None:
        """Move everything again that changed since then."""
        self._cursors = {tenant: min(cursor, to) for tenant, cursor in self._cursors.items()}

    def reconnect(self) -> None:
        """Try the tenants again that were given up."""
        self._given_up.clear()

    def _customers(self, only: str | None) -> list[Customer]:
        query = sa.select(accounts.c.tenant, accounts.c.crm_token)
        if only is not None:
            query = query.where(accounts.c.tenant == only)
        with self._product.connect() as connection:
            rows = connection.execute(query).all()
        customers = [Customer(row.tenant, row.crm_token) for row in rows]
        # In turn: where runs end early, it is not always the same one that the partner fails.
        first = self._runs % max(1, len(customers))
        return customers[first:] + customers[:first]

    def _serve(self, calls: PartnerCalls, run: SyncRun, customer: Customer, drop: Set[str]) -> None:
        if customer.tenant not in self._given_up:
            try:
                self._move(calls, run, customer, drop)
            except TenantError as error:
                if error.for_good:
                    self._given_up.add(customer.tenant)
            else:
                return
        run.skipped.append(customer.tenant)

    def _move(self, calls: PartnerCalls, run: SyncRun, customer: Customer, drop: Set[str]) -> None:
        tenant = customer.tenant
        query: dict[str, Any] = {"limit": 200}
        if tenant in self._cursors:
            query["since"] = iso(self._cursors[tenant] + timedelta(milliseconds=1))
        while True:
            page = calls.send("GET", "/crm/contacts", customer, params=query).json()
            found = page["results"]
            self._load(tenant, [one for one in found if one["id"] not in drop], run.at)
            run.records += len(found)
            if found:
                self._cursors[tenant] = parse(found[-1]["updated_at"])
            if page["paging"]["next"] is None:
                return
            query["cursor"] = page["paging"]["next"]

    def _load(self, tenant: str, found: Sequence[dict[str, Any]], now: datetime) -> None:
        if not found:
            return
        rows = [
            {
                "contact_id": one["id"],
                "tenant": tenant,
                "name": one["name"],
                # Like many a sync: what is not there is empty, and nobody is told.
                "email": one.get("email", ""),
                "plan": one["plan"],
                "seats": int(one["seats"]),
                "source_updated_at": parse(one["updated_at"]),
                "loaded_at": now,
            }
            for one in found
        ]
        statement = insert(contacts)
        changed = {name: statement.excluded[name] for name in rows[0] if name != "contact_id"}
        upsert = statement.on_conflict_do_update(index_elements=["contact_id"], set_=changed)
        with self._warehouse.begin() as connection:
            connection.execute(upsert, rows)
