"""The demo's company on real databases and a real server."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from integration_monitor.demo.company import IntegrationName, contacts
from integration_monitor.demo.faults import Fault, write_command
from integration_monitor.demo.partner import partner_app
from integration_monitor.demo.servers import serving
from integration_monitor.demo.world import World
from integration_monitor.store.embedded import EmbeddedPostgres

_numbers = itertools.count()
BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Company:
    """A company, its clock, and what a test asks of it."""

    world: World
    product: sa.Engine
    warehouse: sa.Engine
    partner_url: str
    faults: Path
    now: datetime = BEGINNING

    def step(self, seconds: float = 1) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        self.world.step(self.now)

    def break_(self, fault: Fault, integration: IntegrationName = "crm") -> None:
        """Break it, and let it notice."""
        write_command(self.faults, fault=fault, integration=integration)
        self.step(0)

    def fix(self, *, resync: bool = True) -> None:
        """Mend it, and let it notice."""
        write_command(self.faults, fault=None, resync=resync)
        self.step(0)

    def warehouse_versions(self) -> dict[str, datetime]:
        """The version of each contact in the warehouse."""
        query = sa.select(contacts.c.contact_id, contacts.c.source_updated_at)
        with self.warehouse.connect() as connection:
            return {row.contact_id: row.source_updated_at for row in connection.execute(query)}

    def behind(self) -> set[str]:
        """The contacts that the warehouse does not have as the CRM has them."""
        loaded = self.warehouse_versions()
        partner = self.world.partner.contacts
        return {
            record["id"]
            for tenant in partner.tenants()
            for record in partner.read(tenant, partner.keys(tenant))
            if loaded.get(record["id"]) != datetime.fromisoformat(record["updated_at"])
        }


@pytest.fixture
def company(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[Company]:
    """A company whose records were moved once, at `BEGINNING`."""
    names = [f"demo_{next(_numbers)}" for _ in range(2)]
    urls = [sa.make_url(postgres.create_database(name)) for name in names]
    product, warehouse = (
        sa.create_engine(url.set(drivername="postgresql+psycopg")) for url in urls
    )
    faults = tmp_path / "faults.json"
    world = World(product, warehouse, faults=faults, rng=random.Random(7))
    with (
        serving(partner_app(world.partner)) as url,
        httpx.Client(base_url=url, trust_env=False) as http,
    ):
        world.connect({"crm": http, "billing": http})
        world.begin(BEGINNING)
        yield Company(world, product, warehouse, url, faults)
    for engine, name in zip((product, warehouse), names, strict=True):
        engine.dispose()
        postgres.drop_database(name)
