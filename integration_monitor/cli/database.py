"""`db`: the store's schema; its size and what is kept are commands of their own modules."""

from __future__ import annotations

import typer

from integration_monitor.cli import prune, stats
from integration_monitor.cli.context import clear_errors, environment, progress

app = typer.Typer(help="The store: its schema, its size, what is kept.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Migrate the store to the schema of this version; safe to repeat."""
    from integration_monitor.store import migrate
    from integration_monitor.store.engine import open_store, store_url

    with clear_errors():
        store = open_store(store_url(environment()))
        progress("migrating the store")
        revision = migrate.upgrade(store)
        store.dispose()
    typer.echo(f"the store's schema is {revision}")


@app.command()
def status() -> None:
    """Say which schema the store has, and which this version needs."""
    from integration_monitor.store import migrate
    from integration_monitor.store.engine import open_store, store_url

    with clear_errors():
        store = open_store(store_url(environment()))
        with store.begin() as connection:
            current = migrate.current_revision(connection)
        typer.echo(f"the store has {current or 'no schema'}, needs {migrate.newest_revision()}")
        migrate.require_current(store)
        store.dispose()


app.command()(stats.stats)
app.command()(prune.prune)
