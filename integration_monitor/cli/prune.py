"""`db prune`: let go of what is older than its retention, now."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.context import (
    AsJson,
    Directory,
    clear_errors,
    environment,
    fail,
    load_fleet,
    opened_store,
    progress,
)
from integration_monitor.cli.dagster_instance import opened_instance, ours
from integration_monitor.signals.wording import number

if TYPE_CHECKING:
    import dagster as dg

    from integration_monitor.dagster_event_log import LoggedRows
    from integration_monitor.manifest.domain import Fleet, Retention
    from integration_monitor.store.engine import Store


@dataclass(frozen=True)
class Pruned:
    """What went, or would go."""

    rolled_up: int
    """Hours and days of an integration's calls; of a dry run: how many are due."""
    partitions: tuple[str, ...]
    rows: int
    """Of all other tables of the store."""
    complete: bool = True
    """False where a table was in use for too long."""


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    directory: Directory = None,
    as_json: AsJson = False,
) -> None:
    """Apply `retention` of monitor.yaml now: to the store, and to Dagster's own event log.

    Of Dagster's event log (DAGSTER_HOME) only executions of our own checks and observations of our
    own assets are deleted, older than `retention.dagster`; the latest of each stays. The store is
    tidied once an hour without this, Dagster's event log is not: run it once a day.
    """
    environ, now = environment(), datetime.now(UTC)
    with clear_errors():
        fleet = load_fleet(directory, environ)
        if fleet.monitor_errors:
            fail("what is to be kept is not known:\n" + "\n".join(map(str, fleet.monitor_errors)))
        # Both are opened first: a wrong address is said before anything goes.
        with opened_instance(environ) as instance, opened_store(environ) as store:
            retention = fleet.monitor.retention
            done = (_would_prune if dry_run else _prune)(store, retention, now)
            logged = _trim(instance, fleet, now, dry_run=dry_run)
    if as_json:
        dagster = asdict(logged) if logged else None
        typer.echo(json.dumps({"dry_run": dry_run, **asdict(done), "dagster": dagster}))
    else:
        _say(done, logged, "would be deleted" if dry_run else "deleted")
    if not done.complete:
        progress("a table was in use: run it again")


def _prune(store: Store, retention: Retention, now: datetime) -> Pruned:
    from integration_monitor.store.keep_calls import keep_calls
    from integration_monitor.store.keep_webhooks import keep_webhooks
    from integration_monitor.store.purge import purge

    progress("rolling up calls, dropping old partitions and rows")
    kept = keep_calls(store, retention, now=now, enough=lambda: False)
    deleted = kept.deleted
    deleted += keep_webhooks(store, retention, now=now, enough=lambda: False).rows
    while True:
        with store.begin() as connection:
            some = purge(connection, retention, now)
        deleted += some
        if not some:
            return Pruned(kept.rolled_up, kept.dropped, deleted, kept.complete)


def _would_prune(store: Store, retention: Retention, now: datetime) -> Pruned:
    from integration_monitor.store import roll_up
    from integration_monitor.store.keep_calls import count_old_rows, old_partitions
    from integration_monitor.store.keep_webhooks import count_old_webhooks
    from integration_monitor.store.purge import purge

    with store.begin() as connection:
        due = roll_up.count_due(connection, now)
        partitions = tuple(each.name for each in old_partitions(connection, retention, now))
        rows = count_old_rows(connection, retention, now)
        rows += count_old_webhooks(connection, retention, now)
        # What depends on what is known to the statements that delete.
        with connection.begin_nested() as tried:
            rows += purge(connection, retention, now, most=None)
            tried.rollback()
    return Pruned(due, partitions, rows)


def _trim(
    instance: dg.DagsterInstance | None, fleet: Fleet, now: datetime, *, dry_run: bool
) -> LoggedRows | None:
    from integration_monitor.dagster_event_log import CannotTrim, count_old, trim

    if instance is None:
        progress("Dagster's event log: left as it is, DAGSTER_HOME is not set")
        return None
    progress("looking through Dagster's event log")
    before = now - fleet.monitor.retention.dagster
    try:
        return (count_old if dry_run else trim)(instance, ours(fleet), before)
    except CannotTrim as error:
        progress(str(error))
        return None


def _say(done: Pruned, logged: LoggedRows | None, verb: str) -> None:
    rolled = "are due to be rolled up" if verb.startswith("would") else "rolled up"
    typer.echo(f"calls: {number(done.rolled_up)} hours and days of an integration {rolled}")
    names = f" ({', '.join(done.partitions)})" if done.partitions else ""
    typer.echo(
        f"store: {len(done.partitions)} partitions{names} and {number(done.rows)} rows {verb}"
    )
    if logged:
        typer.echo(
            f"Dagster's event log: {number(logged.executions)} executions of our checks and"
            f" {number(logged.observations)} observations of our assets {verb}"
        )
