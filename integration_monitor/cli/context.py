"""What commands share: exit codes, clear errors, the environment, the store and the manifests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from integration_monitor.manifest.domain import Fleet, Integration, Sync
    from integration_monitor.store.engine import Store

OK, WRONG, USAGE, UNKNOWN = 0, 1, 2, 3
MANIFESTS = "INTEGRATION_MONITOR_MANIFESTS"

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Directory = Annotated[
    Path | None,
    typer.Option("--manifests", help=f"The manifest directory; left out, {MANIFESTS} names it."),
]


def fail(message: str) -> NoReturn:
    """End with a message and the exit code for usage."""
    typer.echo(f"integration-monitor: {message}", err=True)
    raise typer.Exit(USAGE)


def progress(message: str) -> None:
    """Say on standard error what is being done."""
    typer.echo(message, err=True)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn what a user can mend into one line."""
    from integration_monitor.local_processes import ServersError
    from integration_monitor.manifest.load import ManifestDirectoryError
    from integration_monitor.store.engine import StoreError

    try:
        yield
    except (ManifestDirectoryError, ServersError, StoreError) as error:
        fail(str(error))


def environment() -> Mapping[str, str]:
    """The environment, completed by what a running `demo` or `dev` says of itself."""
    from integration_monitor.local_servers import running_environment

    return {**running_environment(os.environ), **os.environ}


@contextmanager
def opened_store(
    environ: Mapping[str, str], *, checked: bool = True, patience: timedelta | None = None
) -> Iterator[Store]:
    """The store that the environment names, with the schema that this code needs.

    Unless it is `checked` it may be away, and its schema another one. `patience` as of
    `open_store`.
    """
    from integration_monitor.store.engine import open_store, store_url
    from integration_monitor.store.migrate import require_current

    store = open_store(store_url(environ), patience=patience)
    try:
        if checked:
            require_current(store)
        yield store
    finally:
        store.dispose()


def load_fleet(directory: Path | None, environ: Mapping[str, str]) -> Fleet:
    """The fleet of a directory, or of the one that the environment names."""
    from integration_monitor.manifest.load import load_directory

    return load_directory(manifest_directory(directory, environ))


def manifest_directory(directory: Path | None, environ: Mapping[str, str]) -> Path:
    """The manifest directory that was given, or that the environment names."""
    where = directory or environ.get(MANIFESTS)
    if not where:
        fail(
            f"which manifests? Give --manifests DIRECTORY, or set {MANIFESTS}"
            " (no `demo` or `dev` is running in this directory that was given one)"
        )
    return Path(where)


def find(fleet: Fleet, target: str) -> tuple[Integration, Sync | None]:
    """The integration, or its sync, that `INTEGRATION[/SYNC]` names."""
    name, _, sync_name = target.partition("/")
    by_name = {integration.name: integration for integration in fleet.integrations}
    if name not in by_name:
        broken = [manifest for manifest in fleet.broken if manifest.name == name]
        if broken:
            fail(f"the manifest of {name} is broken:\n" + "\n".join(map(str, broken[0].errors)))
        fail(f"no integration is called {name}; there are: {', '.join(sorted(by_name)) or 'none'}")
    integration = by_name[name]
    if not sync_name:
        return integration, None
    if sync_name not in integration.syncs:
        known = ", ".join(integration.syncs) or "none"
        fail(f"{name} has no sync called {sync_name}; there are: {known}")
    return integration, integration.syncs[sync_name]
