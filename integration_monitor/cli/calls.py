"""`calls`: the failing calls that were kept, for who has to find out why."""

from __future__ import annotations

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
from integration_monitor.cli.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from integration_monitor.store.call_batch import Exemplar

app = typer.Typer(help="Calls to partners.", no_args_is_help=True)


@app.callback()
def _calls() -> None:
    """Keeps `failed` a command of its own while it is the only one."""


@app.command()
def failed(
    target: Annotated[str, typer.Argument(metavar="INTEGRATION")],
    endpoint: Annotated[str | None, typer.Option(help="Only calls to this endpoint.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only calls of this tenant.")] = None,
    since: Annotated[str, typer.Option(help="How far to look back.")] = "24h",
    directory: Directory = None,
    as_json: AsJson = False,
) -> None:
    """List the last failing calls, the latest first, without anything secret in them.

    A few are kept of each endpoint, tenant and class of error; the checks count all of them.
    """
    from integration_monitor.manifest.quantities import parse_positive_duration
    from integration_monitor.store import exemplars

    try:
        back = parse_positive_duration(since)
    except ValueError as error:
        fail(f"--since: {error}")
    with clear_errors():
        environ = environment()
        integration, sync = find(load_fleet(directory, environ), target)
        if sync is not None:
            fail(f"{target} is a sync: calls are those of {integration.name}")
        with opened_store(environ) as store, store.begin() as connection:
            found = exemplars.exemplars_of(
                connection,
                integration.name,
                endpoint=endpoint,
                tenant=tenant,
                since=datetime.now(UTC) - back,
            )
    for line in _as_json(found) if as_json else _as_text(found, since):
        typer.echo(line)


def _as_text(found: Iterable[Exemplar], since: str) -> Iterator[str]:
    from integration_monitor.signals.wording import clock, table

    header = ("at", "endpoint", "tenant", "class", "status", "code", "request", "record", "message")
    rows = [
        (
            clock(each.at),
            each.endpoint,
            each.tenant,
            each.outcome,
            each.status or "",
            each.error_code or "",
            each.request_id or "",
            each.key or "",
            each.message or "",
        )
        for each in found
    ]
    yield from plain(table(header, rows)) if rows else [f"no failing call was kept within {since}"]


def _as_json(found: Iterable[Exemplar]) -> Iterator[str]:
    for each in found:
        yield json.dumps({**asdict(each), "at": each.at.isoformat()})
