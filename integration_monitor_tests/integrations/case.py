"""An example manifest, measured as it is shipped: its partner on loopback, a real warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from integration_monitor.manifest.domain import Integration
from integration_monitor.manifest.load import load_texts
from integration_monitor.measure import measure_integration
from integration_monitor.measurement import SyncMeasurement
from integration_monitor.store import ledger_listing
from integration_monitor.store.engine import Store
from integration_monitor_tests.integrations.server import Api, Json, serving
from integration_monitor_tests.observe.memory import Clock

EXAMPLES = Path(__file__).parents[2] / "integrations"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

Gap = tuple[str, str, str]
"""Tenant, key, kind."""


@dataclass(frozen=True)
class Changed:
    """A version of a record."""

    key: str
    at: datetime
    tenant: str

    def gap(self, kind: str) -> Gap:
        return (self.tenant, self.key, kind)


@dataclass(frozen=True, eq=False)
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


@dataclass(frozen=True, eq=False)
class Example:
    """One sync of an example manifest, and what is needed to measure it on this machine."""

    file: str
    sync: str
    api: Callable[[Clock], Api]
    addresses: Mapping[str, str]
    """Where the manifest names the partner's host: that text, and what stands for it here
    (`{url}` and `{port}` are the server's)."""
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
    case: type[Case] | None = None
    """The direction; left out: from the partner to us."""

    def __str__(self) -> str:
        return f"{self.file.removesuffix('.yaml')}-{self.sync}"

    @contextmanager
    def running(self, store: Store, database_url: str) -> Iterator[Case]:
        """The partner serves, our tables are there and empty."""
        kind = self.case or Case
        clock = Clock(kind.starts())
        with serving(self.api(clock)) as api:
            with psycopg.connect(database_url) as connection:
                connection.execute(f"{self.setup}; {self.table.create}")
            environ = {
                **{name: value.format(url=api.url) for name, value in self.environ.items()},
                "WAREHOUSE_URL": database_url,
                "PRODUCT_URL": database_url,
            }
            yield kind(self, self.manifest(api.url), api, clock, store, environ)

    def manifest(self, url: str, edits: Mapping[str, str] | None = None) -> Integration:
        """The manifest as it is shipped, but for the partner's address and the `edits`."""
        text = (EXAMPLES / self.file).read_text(encoding="utf-8")
        port = url.rsplit(":", 1)[1]
        here = {old: new.format(url=url, port=port) for old, new in self.addresses.items()}
        for old, new in {**here, **(edits or {})}.items():
            assert old in text, f"{self.file} does not say {old} any more"
            text = text.replace(old, new)
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

    def edited(self, edits: Mapping[str, str]) -> Case:
        """The same with another manifest: text that it has, and what stands there instead."""
        return replace(self, integration=self.example.manifest(self.api.url, edits))

    @staticmethod
    def starts() -> datetime:
        """When the case begins."""
        return NOW

    def source_now(self) -> datetime:
        """The source's clock: the partner tells it with each answer."""
        return self.clock()

    def tenant(self, number: int) -> str:
        return self.example.tenants[number % len(self.example.tenants)]

    def fill(self, count: int) -> list[Changed]:
        """Records that changed between three and two hours ago, in one stretch, and arrived."""
        step = timedelta(hours=1) / count
        end = self.clock() - timedelta(hours=2)
        changed = []
        for number in range(count):
            at = (end - step * (number + 1)).replace(microsecond=0)
            changed.append(Changed(self.example.key(number), at, self.tenant(number)))
        self.at_source(*changed)
        self.arrive(*changed)
        return changed

    def change(self, number: int) -> Changed:
        """A record changed at the source 90 seconds ago."""
        at = self.source_now() - timedelta(seconds=90)
        changed = Changed(self.example.key(number), at, self.tenant(number))
        self.at_source(changed)
        return changed

    def at_source(self, *records: Changed) -> None:
        """The source has records in these versions."""
        self.at_partner(*records)

    def arrive(self, *records: Changed) -> None:
        """Records reach the destination, in these versions."""
        self.in_table(*records)

    def at_partner(self, *records: Changed) -> None:
        for record in records:
            self.api.put(record.tenant, record.key, record.at, **self.example.fields)

    def in_table(self, *records: Changed) -> None:
        """Rows of ours, in place of earlier ones."""
        table = self.example.table
        name = sql.Identifier(*table.name.split("."))
        names = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("delete from {} where {}::text = any(%s)").format(
                    name, sql.Identifier(table.column("key"))
                ),
                [[record.key for record in records]],
            )
            with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(name, names)) as copy:
                for record in records:
                    copy.write_row([getattr(record, of) for of in table.columns.values()])

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
            rows = ledger_listing.gaps(connection, name, sync, per_tenant=100)
        return {(row.tenant, row.key, row.kind) for row in rows}

    @property
    def grace(self) -> timedelta:
        return self.integration.syncs[self.example.sync].grace


class Outward(Case):
    """From our table to the partner. The source's clock is the database's, which nobody turns."""

    @staticmethod
    def starts() -> datetime:
        return datetime.now(UTC)

    def source_now(self) -> datetime:
        with self.connect() as connection:
            (now,) = connection.execute("select now()").fetchone() or (None,)
        assert isinstance(now, datetime), now
        return now.astimezone(UTC).replace(microsecond=0)

    def at_source(self, *records: Changed) -> None:
        self.in_table(*records)

    def arrive(self, *records: Changed) -> None:
        self.at_partner(*records)
