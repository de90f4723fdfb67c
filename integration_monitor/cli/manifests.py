"""`validate` and `schema`: what a user writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.context import OK, USAGE, clear_errors, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from integration_monitor.manifest.domain import Fleet, ManifestError


def validate(
    directory: Annotated[Path, typer.Argument(help="The manifest directory.")] = Path(
        "integrations"
    ),
) -> None:
    """Check all manifests of a directory; every mistake of every file, one a line."""
    from integration_monitor.manifest.load import load_directory
    from integration_monitor.signals.wording import count

    with clear_errors():
        fleet = load_directory(directory)
    found = findings(fleet, environment())
    for line in found.lines():
        typer.echo(line)
    errors = found.errors
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


@dataclass(frozen=True)
class Findings:
    """What there is to say of manifests."""

    errors: Sequence[ManifestError]
    """They keep it from being watched as written: mistakes, variables that are not set."""
    warnings: Sequence[ManifestError]
    notes: Sequence[ManifestError]
    """What is not watched, as declared."""

    def lines(self) -> Iterator[str]:
        """One line for each."""
        yield from map(str, self.errors)
        yield from (f"{warning} (warning)" for warning in self.warnings)
        yield from (f"{note} (note)" for note in self.notes)


def findings(fleet: Fleet, environ: Mapping[str, str]) -> Findings:
    """What `validate` and `dev` say of a fleet in an environment."""
    from integration_monitor.manifest.references import missing_references, unwatched

    return Findings(
        errors=sorted([*fleet.errors, *missing_references(fleet, environ)]),
        warnings=sorted(fleet.warnings),
        notes=unwatched(fleet),
    )


def schema(
    monitor: Annotated[bool, typer.Option(help="The schema of monitor.yaml instead.")] = False,
) -> None:
    """Print the JSON Schema of a manifest, for editors."""
    from integration_monitor.manifest.schema import json_schema, monitor_json_schema

    typer.echo(json.dumps(monitor_json_schema() if monitor else json_schema(), indent=2))
