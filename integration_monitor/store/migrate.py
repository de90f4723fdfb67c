"""Bringing the store's schema to the version that this code needs."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from integration_monitor.store.engine import Store, StoreError
from integration_monitor.store.table_parts import SCHEMA

_LOCK = "integration_monitor migrations"


def upgrade(store: Store) -> str:
    """Migrate to the newest schema and return its revision; safe to call from many processes.

    Raises `StoreError` where the store is newer than this code, or away.
    """
    with store.begin() as connection:
        # Held until the commit: a second process waits, then finds nothing left to do.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(_LOCK))))
        _refuse_newer(current_revision(connection))
        connection.execute(sa.schema.CreateSchema(SCHEMA, if_not_exists=True))
        command.upgrade(_config(connection), "head")
    return newest_revision()


def require_current(store: Store) -> None:
    """Raise `StoreError` unless the store has exactly the schema that this code needs."""
    with store.begin() as connection:
        current = current_revision(connection)
    _refuse_newer(current)
    if current != newest_revision():
        raise StoreError(
            f"the store's schema is {current or 'empty'}, this version needs {newest_revision()}:"
            " run `integration-monitor db upgrade`"
        )


def current_revision(connection: sa.Connection) -> str | None:
    """The revision of the store's schema, None before the first migration."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    return context.get_current_revision()


def newest_revision() -> str:
    """The revision that this code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 - the package always ships migrations
    return head


def _refuse_newer(current: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(
            f"the store's schema ({current}) is newer than this version of integration_monitor"
            f" ({newest_revision()}): upgrade the package"
        )


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
