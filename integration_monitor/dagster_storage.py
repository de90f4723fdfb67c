"""Dagster's own storage, as `dagster.yaml` names it: Postgres, from one environment variable."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import click
import sqlalchemy as sa
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

DAGSTER_URL = "DAGSTER_POSTGRES_URL"


class EnvironmentPostgresStorage(DagsterPostgresStorage):
    """`DagsterPostgresStorage` on the URL in DAGSTER_POSTGRES_URL.

    Where it is not set, Dagster's commands end with one line that says what to run. Any
    PostgreSQL URL will do: dagster-postgres is written for psycopg2, so that driver is chosen.
    """

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing to configure in the file."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> EnvironmentPostgresStorage:
        """The storage. Raises `click.ClickException` where the environment names none."""
        url = os.environ.get(DAGSTER_URL, "")
        if not url:
            raise click.ClickException(
                f"{DAGSTER_URL} is not set: run `integration-monitor dev DIR` or"
                " `integration-monitor demo`, or name a PostgreSQL database for Dagster's storage"
            )
        return cls(postgres_url=psycopg2_url(url), inst_data=inst_data)


def psycopg2_url(url: str) -> str:
    """The same database, for psycopg2."""
    return (
        sa.make_url(url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    )
