"""An example manifest, measured as it is shipped: its partner on loopback, a real warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from integration_monitor.manifest.domain import Integration
from integration_monitor.manifest.load import load_texts
from integration_monitor.measure import SyncMeasurement, measure_integration
from integration_monitor.store import ledger
from integration_monitor.store.engine import Store
from integration_monitor_tests.integrations.server import Api, Json, serving
from integration_monitor_tests.observe.memory import Clock

EXAMPLES = Path(__file__).parents[2] / "integrations"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

Gap = tuple[str, str, str]
"""Tenant, key, kind."""


@dataclass(frozen=True)
class Table:
    """A table of ours that holds the records of a sync."""

    create: str
    columns: Mapping[str, str]
    """Column to what stands there: `key`, `at` (the source's version) or `tenant`."""

    @property
    def name(self) -> str:
        return self.create.split()[2]

    def column(self, of: str) -> str:
        return next(name for name, stands in self.columns.items() if stands == of)


@dataclass(frozen=True)
class Example:
    """One sync of an example manifest, and what is needed to measure it on this machine."""

    file: str
    sync: str
    api: Callable[[Clock], Api]
    addresses: Mapping[str, str]
    """Where the manifest names the partner's host: that text, and what stands for it here
    (`{url}` is the server's)."""
    table: Table
    tenants: Sequence[str] = ("-",)
    setup: str = "select"
    """More statements for our database, such as the accounts of the customers."""
    fields: Mapping[str, Json] = field(default_factory=dict)
    """What else the records have, so that they are to be synced."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """References beside the databases; `{url}` is the server's."""
    page: int = 100
    """The most records that the partner gives at once."""
    key: Callable[[int], str] = str
    totals: bool = False
    """Whether the partner says how many records there are."""
    lookup: bool = True

    def __str__(self) -> str:
        return f"{self.file.removesuffix('.yaml')}-{self.sync}"

    @contextmanager
    def running(self, store: Store, database_url: str) -> Iterator[Case]:
        """The partner serves, our tables are there and empty."""
        clock = Clock(NOW)
        with serving(self.api(clock)) as api:
            with psycopg.connect(database_url) as connection:
                connection.execute(f"{self.setup}; {self.table.create}")
            environ = {
                **{name: value.format(url=api.url) for name, value in self.environ.items()},
                "WAREHOUSE_URL": database_url,
                "PRODUCT_URL": database_url,
            }
            yield Case(self, self._manifest(api.url), api, clock, store, environ)

    def _manifest(self, url: str) -> Integration:
        text = (EXAMPLES / self.file).read_text(encoding="utf-8")
        for address, here in self.addresses.items():
            assert address in text, f"{self.file} names {address} no longer"
            text = text.replace(address, here.format(url=url))
        monitor = (EXAMPLES / "monitor.yaml").read_text(encoding="utf-8")
        fleet = load_texts({self.file: text, "monitor.yaml": monitor})
        assert fleet.errors == (), "; ".join(map(str, fleet.errors))
        (integration,) = fleet.integrations
        return integration


@dataclass
class Case:
    """A running example, with our side of it in hand."""

    example: Example
    integration: Integration
    api: Api
    clock: Clock
    store: Store
    environ: dict[str, str]

    def tenant(self, number: int) -> str:
        return self.example.tenants[number % len(self.example.tenants)]

    def fill(self, count: int) -> list[str]:
        """Records that changed within the last 20 hours and arrived; their keys."""
        step = timedelta(hours=20) / count
        changed = []
        for number in range(count):
            at = (self.clock() - step * (number + 1)).replace(microsecond=0)
            changed.append((self.example.key(number), at, self.tenant(number)))
        for key, at, tenant in changed:
            self.api.put(tenant, key, at, **self.example.fields)
        self.arrive(*changed)
        return [key for key, _, _ in changed]

    def change(self, number: int) -> tuple[str, datetime, str]:
        """A record changes at the partner now: its key, version and tenant."""
        at = self.clock() - timedelta(seconds=90)
        changed = (self.example.key(number), at, self.tenant(number))
        self.api.put(changed[2], changed[0], at, **self.example.fields)
        return changed

    def arrive(self, *records: tuple[str, datetime, str]) -> None:
        """Records reach our table, in these versions."""
        table = self.example.table
        with self.connect() as connection, connection.cursor() as cursor:
            statement = sql.SQL("copy {} ({}) from stdin").format(
                sql.Identifier(*table.name.split(".")),
                sql.SQL(", ").join(map(sql.Identifier, table.columns)),
            )
            with cursor.copy(statement) as copy:
                for key, at, tenant in records:
                    values = {"key": key, "at": at, "tenant": tenant}
                    copy.write_row([values[stands] for stands in table.columns.values()])

    def lose(self, *keys: str) -> None:
        """Rows leave our table."""
        table = self.example.table
        statement = sql.SQL("delete from {} where {}::text = any(%s)").format(
            sql.Identifier(*table.name.split(".")), sql.Identifier(table.column("key"))
        )
        with self.connect() as connection:
            connection.execute(statement, [list(keys)])

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.environ["WAREHOUSE_URL"])

    def measure(self) -> SyncMeasurement:
        (measured,) = measure_integration(
            self.integration,
            syncs=[self.example.sync],
            store=self.store,
            environ=self.environ,
            clock=self.clock,
        )
        return measured

    def gaps(self) -> set[Gap]:
        """Whatever is a gap now."""
        name, sync = self.integration.name, self.example.sync
        with self.store.begin() as connection:
            rows = ledger.gaps(connection, name, sync, per_tenant=100)
        return {(row.tenant, row.key, row.kind) for row in rows}

    @property
    def grace(self) -> timedelta:
        return self.integration.syncs[self.example.sync].grace
