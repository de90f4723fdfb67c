"""Alembic's environment; only ever run through `integration_monitor.store.migrate`."""

from alembic import context

from integration_monitor.store import call_tables, tables, webhook_tables  # noqa: F401 - declare
from integration_monitor.store.table_parts import SCHEMA, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_schemas=True,
    include_name=lambda name, type_, _: type_ != "schema" or name == SCHEMA,
    version_table_schema=SCHEMA,
)
with context.begin_transaction():
    context.run_migrations()
