"""`gaps`: what is lost, by name, and accepting it."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.context import (
    AsJson,
    Directory,
    clear_errors,
    environment,
    fail,
    find,
    load_fleet,
    opened_store,
)
from integration_monitor.program import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

    from integration_monitor.manifest.domain import Fleet
    from integration_monitor.store.call_batch import Exemplar
    from integration_monitor.store.ledger_listing import GapRow

app = typer.Typer()
Tenant = Annotated[str | None, typer.Option(help="Only this tenant's.")]


@app.callback(invoke_without_command=True)
def gaps(context: typer.Context) -> None:
    """Records that are known to be lost. Without a command: the list."""
    if context.invoked_subcommand is None:
        list_()


@app.command("list")
def list_(
    target: Annotated[
        str | None, typer.Argument(metavar="[INTEGRATION[/SYNC]]", help="Left out: all.")
    ] = None,
    tenant: Tenant = None,
    directory: Directory = None,
    as_json: AsJson = False,
) -> None:
    """List the open gaps: which record, for whom, since when."""
    environ = environment()
    with clear_errors():
        wanted = _syncs(load_fleet(directory, environ), target)
        with opened_store(environ) as store, store.begin() as connection:
            lines = [
                line
                for integration, sync in wanted
                for line in _lines(connection, integration, sync, tenant, as_json=as_json)
            ]
    for line in lines or ([] if as_json else ["no open gap"]):
        typer.echo(line)


@app.command()
def accept(
    target: Annotated[str, typer.Argument(metavar="INTEGRATION/SYNC")],
    why: Annotated[str, typer.Option(help="Kept in the ledger beside the gap.")],
    by: Annotated[str | None, typer.Option(help="Who accepts it; left out: your login.")] = None,
    tenant: Tenant = None,
    key: Annotated[
        list[str] | None, typer.Option(help="Only this record; may be given again.")
    ] = None,
    totals: Annotated[
        bool, typer.Option("--totals", help="Accept the unexplained difference of totals instead.")
    ] = False,
    directory: Directory = None,
) -> None:
    """Say that gaps may stay lost: they no longer fail the check."""
    from integration_monitor.signals.wording import count
    from integration_monitor.store import accept as acceptance

    environ = environment()
    with clear_errors():
        integration, sync = find(load_fleet(directory, environ), target)
        if sync is None:
            fail(f"accept what? Name a sync: {integration.name}/SYNC")
        with opened_store(environ) as store, store.begin() as connection:
            if totals:
                accepted = acceptance.accept_totals(connection, integration.name, sync.name)
            else:
                accepted = acceptance.accept_gaps(
                    connection,
                    integration.name,
                    sync.name,
                    tenant=tenant,
                    keys=key or [],
                    by=by or login(),
                    note=why,
                    at=datetime.now(UTC),
                )
    if totals:
        typer.echo(f"accepted a difference of {count(accepted.totals, 'record')}")
        return
    if not accepted.gaps + accepted.in_stretches:
        fail(f"no open gap of {target} fits; `{program()} gaps list {target}` shows them")
    told = count(accepted.gaps + accepted.in_stretches, "gap")
    typer.echo(f"accepted {told}; the next run says so")


def login() -> str:
    """Who is at the terminal."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        fail("who accepts it? Give --by NAME")


def _syncs(fleet: Fleet, target: str | None) -> list[tuple[str, str]]:
    if target is None:
        return [(i.name, sync) for i in fleet.integrations for sync in i.syncs]
    integration, sync = find(fleet, target)
    return [
        (integration.name, name)
        for name in integration.syncs
        if sync in (None, integration.syncs[name])
    ]


def _lines(
    connection: sa.Connection, integration: str, sync: str, tenant: str | None, *, as_json: bool
) -> Iterator[str]:
    from integration_monitor.store import ledger_listing, refusals, stretches

    reasons = refusals.of_gaps(connection, integration, sync)
    for row in ledger_listing.gaps(connection, integration, sync, tenant=tenant):
        yield _line(integration, sync, row, reasons.get(row.id), as_json=as_json)
    for name, stretch in stretches.of_sync(connection, integration, sync):
        for who, records in sorted(stretch.owed.items()):
            if records and tenant in (None, who):
                summary = {
                    "integration": integration,
                    "sync": sync,
                    "connection": name,
                    "tenant": who,
                    "records": records,
                    "from": stretch.start.isoformat(),
                    "to": stretch.end.isoformat(),
                }
                yield json.dumps(summary) if as_json else _stretch(summary)


def _line(
    integration: str, sync: str, row: GapRow, failed: Exemplar | None, *, as_json: bool
) -> str:
    from integration_monitor.observe.facts import why_refused

    why = why_refused(failed)
    if as_json:
        values = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asdict(row).items()
        }
        told = {"why": why or None, "request_id": failed.request_id if failed else None}
        return json.dumps({"integration": integration, "sync": sync, **values, **told})
    since = row.gap_since.strftime("%Y-%m-%dT%H:%M:%SZ") if row.gap_since else ""
    found = f" (found for {row.found_tenant})" if row.kind == "misplaced" else ""
    line = f"{integration}/{sync}  {row.tenant}  {row.key}  {row.kind}{found} since {since}"
    return f"{line}: {why}" if why else line


def _stretch(summary: dict[str, object]) -> str:
    return (
        "{integration}/{sync}  {tenant}  {records} records changed from {from} to {to} are owed"
    ).format(**summary)
