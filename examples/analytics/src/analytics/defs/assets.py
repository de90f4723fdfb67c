"""The project's own work: orders are copied into the warehouse, and summed up by the day."""

import random
from datetime import UTC, datetime

import dagster as dg
import sqlalchemy as sa

from analytics.databases import COPIED_ORDERS, DAILY_REVENUE, ORDERS, Database


class Sales(dg.Config):
    """How much is sold."""

    orders: int = 5


class Copying(dg.Config):
    """How the copying goes. As it is, it is right; `lose` is a bug to switch on."""

    lose: int = 0
    """So many of the new orders are dropped, and the copying says nothing."""
    everything: bool = False
    """Copy all orders anew, not only those that changed since the last time."""


@dg.asset(group_name="shop", kinds={"sqlite"})
def placed_orders(config: Sales, shop: Database) -> dg.MaterializeResult[None]:
    """Orders in the shop's database. This asset stands for the shop's customers."""
    now = datetime.now(UTC).isoformat()
    rows = [
        {"cents": random.randint(100, 20_000), "updated_at": now}  # noqa: S311 - just an example
        for _ in range(config.orders)
    ]
    with shop.begin(ORDERS) as connection:
        if rows:
            connection.execute(sa.insert(ORDERS), rows)
    return dg.MaterializeResult(metadata={"orders": len(rows)})


@dg.asset(group_name="analytics", kinds={"sqlite"}, deps=[placed_orders], owners=["team:analytics"])
def copied_orders(
    config: Copying, shop: Database, warehouse: Database
) -> dg.MaterializeResult[None]:
    """The shop's orders in the warehouse: what is newer than the newest that was copied."""
    with shop.begin(ORDERS) as source, warehouse.begin(COPIED_ORDERS) as target:
        last = target.scalar(sa.select(sa.func.max(COPIED_ORDERS.c.source_updated_at)))
        since = "" if config.everything or last is None else last
        found = source.execute(
            sa.select(ORDERS).where(ORDERS.c.updated_at > since).order_by(ORDERS.c.id)
        ).all()
        rows = [
            {"order_id": row.id, "cents": row.cents, "source_updated_at": row.updated_at}
            for row in found[config.lose :]
        ]
        if rows:
            target.execute(sa.insert(COPIED_ORDERS).prefix_with("or replace"), rows)
    return dg.MaterializeResult(metadata={"orders": len(rows)})


@dg.asset(group_name="analytics", kinds={"sqlite"}, deps=[copied_orders], owners=["team:analytics"])
def daily_revenue(warehouse: Database) -> dg.MaterializeResult[None]:
    """Orders and cents a day, of what is in the warehouse."""
    day = sa.func.substr(COPIED_ORDERS.c.source_updated_at, 1, 10)
    sums = sa.select(day, sa.func.count(), sa.func.sum(COPIED_ORDERS.c.cents)).group_by(day)
    with warehouse.begin(COPIED_ORDERS, DAILY_REVENUE) as connection:
        connection.execute(sa.delete(DAILY_REVENUE))
        connection.execute(sa.insert(DAILY_REVENUE).from_select(["day", "orders", "cents"], sums))
        days = connection.scalar(sa.select(sa.func.count()).select_from(DAILY_REVENUE))
    return dg.MaterializeResult(metadata={"dagster/row_count": days or 0})
