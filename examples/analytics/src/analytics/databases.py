"""The two databases: the shop's, and the warehouse."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

ORDERS = sa.Table(
    "orders",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("cents", sa.Integer, nullable=False),
    sa.Column("updated_at", sa.Text, nullable=False),
)
COPIED_ORDERS = sa.Table(
    "copied_orders",
    sa.MetaData(),
    sa.Column("order_id", sa.Integer, primary_key=True),
    sa.Column("cents", sa.Integer, nullable=False),
    sa.Column("source_updated_at", sa.Text, nullable=False),
)
DAILY_REVENUE = sa.Table(
    "daily_revenue",
    sa.MetaData(),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("orders", sa.Integer, nullable=False),
    sa.Column("cents", sa.Integer, nullable=False),
)


class Database(dg.ConfigurableResource[None]):
    """A database of which the tables are created as they are needed."""

    url: str

    @contextmanager
    def begin(self, *tables: sa.Table) -> Iterator[sa.Connection]:
        """A transaction in which the tables are there."""
        url = sa.make_url(self.url)
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(url)
        try:
            with engine.begin() as connection:
                for table in tables:
                    table.create(connection, checkfirst=True)
                yield connection
        finally:
            engine.dispose()
