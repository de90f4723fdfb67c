"""`validate` and `schema`: what a user writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.context import OK, USAGE, clear_errors, environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integration_monitor.manifest.domain import Fleet, ManifestError


def validate(
    directory: Annotated[Path, typer.Argument(help="The manifest directory.")] = Path(
        "integrations"
    ),
) -> None:
    """Check all manifests of a directory; every mistake of every file, one a line."""
    from integration_monitor.manifest.load import load_directory
    from integration_monitor.manifest.references import unwatched
    from integration_monitor.signals.wording import count

    with clear_errors():
        fleet = load_directory(directory)
    errors = mistakes(fleet, environment())
    for error in errors:
        typer.echo(error)
    for note in sorted(fleet.warnings):
        typer.echo(f"{note} (warning)")
    for note in unwatched(fleet):
        typer.echo(f"{note} (note)")
    files = len(fleet.integrations) + len(fleet.broken)
    if errors:
        told = f"{count(len(errors), 'error')} in {count(files, 'manifest')}"
        typer.echo(told, err=True)
        raise typer.Exit(USAGE)
    if not files:
        typer.echo(f"no manifest in {directory}", err=True)
        raise typer.Exit(USAGE)
    typer.echo(f"{count(files, 'manifest')} without an error", err=True)
    raise typer.Exit(OK)


def mistakes(fleet: Fleet, environ: Mapping[str, str]) -> list[ManifestError]:
    """What keeps a fleet from being watched as written: errors, variables that are not set."""
    from integration_monitor.manifest.references import missing_references

    return sorted([*fleet.errors, *missing_references(fleet, environ)])


def schema(
    monitor: Annotated[bool, typer.Option(help="The schema of monitor.yaml instead.")] = False,
) -> None:
    """Print the JSON Schema of a manifest, for editors."""
    from integration_monitor.manifest.schema import json_schema, monitor_json_schema

    typer.echo(json.dumps(monitor_json_schema() if monitor else json_schema(), indent=2))
