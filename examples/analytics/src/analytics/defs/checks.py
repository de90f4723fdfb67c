"""The project's own checks. They look at the warehouse: what never arrived they cannot see."""

import dagster as dg
import sqlalchemy as sa

from analytics.databases import COPIED_ORDERS, DAILY_REVENUE, Database
from analytics.defs.assets import copied_orders, daily_revenue


@dg.asset_check(asset=copied_orders)
def no_order_is_free(warehouse: Database) -> dg.AssetCheckResult:
    """Is something paid for every order?"""
    with warehouse.begin(COPIED_ORDERS) as connection:
        free = connection.scalar(
            sa.select(sa.func.count()).select_from(COPIED_ORDERS).where(COPIED_ORDERS.c.cents <= 0)
        )
    return dg.AssetCheckResult(passed=not free, metadata={"free_orders": free or 0})


@dg.asset_check(asset=daily_revenue)
def every_order_is_counted(warehouse: Database) -> dg.AssetCheckResult:
    """Do the days add up to the orders of the warehouse?"""
    with warehouse.begin(COPIED_ORDERS, DAILY_REVENUE) as connection:
        orders = connection.scalar(sa.select(sa.func.count()).select_from(COPIED_ORDERS))
        counted = connection.scalar(sa.select(sa.func.sum(DAILY_REVENUE.c.orders)))
    return dg.AssetCheckResult(passed=orders == (counted or 0))
