"""What people do all day: contacts and invoices that are added and changed."""

from __future__ import annotations

import random
from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from integration_monitor.demo.clock import Ticker
from integration_monitor.demo.collection import Collection
from integration_monitor.demo.company import (
    CONTACTS,
    INVOICES,
    IntegrationName,
    invoices,
    random_contact,
    random_invoice,
    random_tenant,
    seed_times,
)

_SHARE_NEW = 0.1


class Changes:
    """Changes records at the sources: contacts at the CRM, invoices in the product database."""

    def __init__(self, contacts: Collection, product: sa.Engine, rng: random.Random) -> None:
        self._contacts = contacts
        self._product = product
        self._rng = rng
        self._contact_times = Ticker()
        self._invoice_times = Ticker()
        self._contact_owners: dict[str, str] = {}
        self._invoice_owners: dict[str, str] = {}

    def seed(self, before: datetime) -> None:
        """The records of the beginning, last changed at some time before."""
        for at in seed_times(self._rng, CONTACTS, before):
            self._put_contact(self._new_contact(), at)
        rows = [self._new_invoice(at) for at in seed_times(self._rng, INVOICES, before)]
        with self._product.begin() as connection:
            connection.execute(invoices.insert(), rows)

    def one(
        self, now: datetime, spare: Set[str] = frozenset()
    ) -> tuple[IntegrationName, str] | None:
        """One change somewhere, but not of the records in `spare`: of which sync and tenant."""
        integration: IntegrationName = "crm" if self._rng.random() < 0.6 else "billing"
        owners = self._owners(integration)
        if self._rng.random() < _SHARE_NEW:
            return integration, self._add(integration, now)
        key = self._rng.choice(list(owners))
        if key in spare:
            return None
        self.touch(integration, [key], now)
        return integration, owners[key]

    def touch(self, integration: IntegrationName, keys: Sequence[str], now: datetime) -> None:
        """Change these records."""
        for key in keys:
            if integration == "crm":
                self._put_contact(key, now)
            else:
                self._change_invoice(int(key), now)

    def of(self, integration: IntegrationName, tenant: str) -> list[str]:
        """The records of a tenant."""
        return [key for key, owner in self._owners(integration).items() if owner == tenant]

    def pick(
        self, integration: IntegrationName, tenants: int, records: int
    ) -> dict[str, list[str]]:
        """Some records of some tenants, by tenant."""
        by_tenant: dict[str, list[str]] = {}
        for key, tenant in self._owners(integration).items():
            by_tenant.setdefault(tenant, []).append(key)
        large = sorted(tenant for tenant, keys in by_tenant.items() if len(keys) >= records)
        chosen = sorted(self._rng.sample(large, tenants))
        return {tenant: sorted(self._rng.sample(by_tenant[tenant], records)) for tenant in chosen}

    def _owners(self, integration: IntegrationName) -> dict[str, str]:
        return self._contact_owners if integration == "crm" else self._invoice_owners

    def _add(self, integration: IntegrationName, now: datetime) -> str:
        if integration == "crm":
            key = self._new_contact()
            self._put_contact(key, now)
            return self._contact_owners[key]
        row = self._new_invoice(now)
        with self._product.begin() as connection:
            connection.execute(invoices.insert(), row)
        return str(row["tenant"])

    def _new_contact(self) -> str:
        key = f"con-{len(self._contact_owners) + 1:05d}"
        self._contact_owners[key] = random_tenant(self._rng)
        return key

    def _put_contact(self, key: str, now: datetime) -> None:
        tenant = self._contact_owners[key]
        fields = {"id": key, "account": tenant, **random_contact(self._rng)}
        self._contacts.put(tenant, fields, self._contact_times.next(now))

    def _new_invoice(self, now: datetime) -> dict[str, Any]:
        number = 10_001 + len(self._invoice_owners)
        tenant = self._invoice_owners[str(number)] = random_tenant(self._rng)
        return {
            "id": number,
            "tenant": tenant,
            "number": f"INV-{number}",
            "updated_at": self._invoice_times.next(now),
            **random_invoice(self._rng),
        }

    def _change_invoice(self, number: int, now: datetime) -> None:
        values = {"updated_at": self._invoice_times.next(now), **random_invoice(self._rng)}
        with self._product.begin() as connection:
            connection.execute(invoices.update().where(invoices.c.id == number).values(**values))
