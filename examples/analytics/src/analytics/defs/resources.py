"""The databases, by the variables that the manifest refers to as well."""

import dagster as dg

from analytics.databases import Database


@dg.definitions
def resources() -> dg.Definitions:
    """Both databases."""
    return dg.Definitions(
        resources={
            "shop": Database(url=dg.EnvVar("SHOP_DATABASE_URL")),
            "warehouse": Database(url=dg.EnvVar("WAREHOUSE_URL")),
        }
    )
