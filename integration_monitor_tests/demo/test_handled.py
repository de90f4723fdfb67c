"""What proves that odd webhooks were dealt with, on the tables that they are handed on to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from integration_monitor.demo.handled import ENOUGH, Seen, look
from integration_monitor.ingest.processing.sink import Outgoing
from integration_monitor.ingest.processing.sink_tables import SinkTables, sink_tables
from integration_monitor.ingest.processing.unified_event import Raw, UnifiedEvent
from integration_monitor.store.engine import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Product:
    """The product's tables of events."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tables: SinkTables = sink_tables("crm_events")
        self._engine = sa.create_engine(
            sa.make_url(url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool
        )

    def take(self, sequence: int, *, seconds: int, superseded: bool = False, raw: str = "") -> None:
        """The event of this number, about something that happened so many seconds after noon."""
        event = UnifiedEvent(
            id=f"evt_{sequence}", type="crm.deal.updated", kind="crm.deal", integration="crm",
            tenant="acme", object_id="deal-1", occurred_at=NOON + timedelta(seconds=seconds),
            received_at=NOON, sequence=sequence, conflicting=False, data={},
            raw=Raw(raw or f"raw_{sequence}", "deal.changed", "-", ""),
        )  # fmt: skip
        with self._engine.begin() as connection:
            self.tables.create_missing(connection)
            self.tables.write(connection, [Outgoing(event, superseded)])

    def set_back(self, seconds: int) -> None:
        """What must not happen: an older event overwrites the newest one of its object."""
        with self._engine.begin() as connection:
            connection.execute(
                self.tables.objects.update().values(occurred_at=NOON + timedelta(seconds=seconds))
            )


@pytest.fixture
def product(database_url: str) -> Product:
    return Product(database_url)


def test_before_the_first_event_nothing_is_seen(store: Store, database_url: str) -> None:
    assert look("out-of-order", store, database_url).happened == 0


def test_an_older_event_that_is_marked_and_overwrites_nothing_went_well(
    store: Store, product: Product
) -> None:
    product.take(1, seconds=10)
    product.take(2, seconds=5, superseded=True)
    found = look("out-of-order", store, product.url)
    assert (found.happened, found.wrong) == (1, 0)
    assert found.line == "1 came after newer, 0 not marked, 0 overwritten"


def test_an_older_event_that_is_not_marked_or_overwrites_is_wrong(
    store: Store, product: Product
) -> None:
    product.take(1, seconds=10)
    product.take(2, seconds=5)
    assert look("out-of-order", store, product.url).wrong == 1
    product.set_back(5)
    assert look("out-of-order", store, product.url).wrong == 2


def test_an_event_that_was_handed_on_twice_is_wrong(store: Store, product: Product) -> None:
    product.take(1, seconds=1, raw="evt")
    assert look("duplicate-webhooks", store, product.url).wrong == 0
    product.take(2, seconds=1, raw="evt")
    assert look("duplicate-webhooks", store, product.url).wrong == 1


@pytest.mark.parametrize(
    ("happened", "wrong", "proven"),
    [(ENOUGH, 0, True), (ENOUGH - 1, 0, False), (ENOUGH, 1, False)],
)
def test_what_proves_it(happened: int, wrong: int, proven: bool) -> None:
    assert Seen(happened, wrong, {}).is_proven == proven
