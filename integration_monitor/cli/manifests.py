"""`validate` and `schema`: what a user writes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.context import (
    MANIFESTS,
    OK,
    USAGE,
    WRONG,
    AsJson,
    clear_errors,
    environment,
)
from integration_monitor.cli.live import chosen, try_live

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from integration_monitor.manifest.domain import Fleet, ManifestError

DIRECTORY = Path("integrations")


def validate(
    directory: Annotated[
        Path | None,
        typer.Argument(help="The manifest directory.", show_default=f"{MANIFESTS}, or {DIRECTORY}"),
    ] = None,
    integration: Annotated[
        str | None, typer.Argument(help="With --live: this one only. DIRECTORY may be left out.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Try each token, endpoint, look-up and destination once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check all manifests of a directory; every mistake of every file, one a line.

    With --live also try once whatever they name, against the real partners and databases, and
    say what works, what does not, and why. It only reads, and stores nothing.

    Exit code: 0 nothing is wrong, 1 something does not work, 2 a mistake in a manifest.
    """
    from integration_monitor.manifest.load import load_directory

    where, name = _arguments(directory, integration, live=live)
    environ = environment()
    with clear_errors():
        fleet = load_directory(where)
    tried = chosen(fleet, name) if live else ()
    found = findings(fleet, environ)
    for line in found.json_lines() if as_json else found.lines():
        typer.echo(line)
    mistakes = _sum_up(fleet, found)
    failed = [each for each in tried if not try_live(each, environ, as_json=as_json)]
    if mistakes:
        raise typer.Exit(USAGE)
    raise typer.Exit(WRONG if failed else OK)


def _arguments(
    directory: Path | None, integration: str | None, *, live: bool
) -> tuple[Path, str | None]:
    """`validate --live crm` names an integration, `validate crm` a directory."""
    # Not the directory of a demo that happens to run here: only what was set on purpose.
    default = Path(os.environ.get(MANIFESTS) or DIRECTORY)
    if live and directory and integration is None and not directory.exists():
        return default, str(directory)
    return directory or default, integration


def _sum_up(fleet: Fleet, found: Findings) -> bool:
    """Say how many mistakes there are, and return whether there is one."""
    from integration_monitor.signals.wording import count

    files = len(fleet.integrations) + len(fleet.broken)
    if found.errors:
        told = f"{count(len(found.errors), 'error')} in {count(files, 'manifest')}"
    elif files:
        told = f"{count(files, 'manifest')} without an error"
    else:
        told = f"no manifest in {fleet.directory}"
    typer.echo(told, err=True)
    return bool(found.errors) or not files


@dataclass(frozen=True)
class Findings:
    """What there is to say of manifests."""

    errors: Sequence[ManifestError]
    """They keep it from being watched as written: mistakes, variables that are not set."""
    warnings: Sequence[ManifestError]
    """Also values of the environment that cannot be what they are for."""
    notes: Sequence[ManifestError]
    """What is not watched, as declared."""

    def lines(self) -> Iterator[str]:
        """One line for each."""
        for level, found in self._levels():
            said = "" if level == "error" else f" ({level})"
            yield from (f"{each}{said}" for each in found)

    def json_lines(self) -> Iterator[str]:
        """One JSON object for each."""
        for level, found in self._levels():
            for each in found:
                yield json.dumps(
                    {
                        "level": level,
                        "file": each.file,
                        "line": each.line,
                        "column": each.column,
                        "message": each.message,
                    }
                )

    def _levels(self) -> tuple[tuple[str, Sequence[ManifestError]], ...]:
        return ("error", self.errors), ("warning", self.warnings), ("note", self.notes)


def findings(fleet: Fleet, environ: Mapping[str, str]) -> Findings:
    """What `validate` and `dev` say of a fleet in an environment."""
    from integration_monitor.ingest.webhook_set_up import unusable
    from integration_monitor.manifest.references import missing_references, unwatched

    return Findings(
        errors=sorted([*fleet.errors, *missing_references(fleet, environ)]),
        warnings=sorted([*fleet.warnings, *unusable(fleet, environ)]),
        notes=unwatched(fleet),
    )


def schema(
    monitor: Annotated[bool, typer.Option(help="The schema of monitor.yaml instead.")] = False,
) -> None:
    """Print the JSON Schema of a manifest, for editors."""
    from integration_monitor.manifest.schema import json_schema, monitor_json_schema

    typer.echo(json.dumps(monitor_json_schema() if monitor else json_schema(), indent=2))
