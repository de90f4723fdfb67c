"""Loading manifests once: a run measures what the code location loaded, whatever the files say."""

from __future__ import annotations

from pathlib import Path

import click
from pydantic import BaseModel

from integration_monitor.dagster_internals import pinned
from integration_monitor.manifest.domain import (
    BrokenManifest,
    Fleet,
    Integration,
    ManifestError,
    Monitor,
)
from integration_monitor.manifest.load import load_directory, load_monitor
from integration_monitor.manifest.read_manifest import Surroundings, read_integration


class MonitorFileError(click.ClickException):
    """Mistakes in a monitor.yaml, one a line with its place.

    One of click's, so that Dagster's own commands end with those lines, without a traceback.
    """


class _Kept(BaseModel):
    """A fleet as Dagster keeps it. Of a broken file only its errors are taken.

    A secret that somebody wrote into a file makes it a broken one, and goes no further than that.
    """

    directory: str
    texts: dict[str, str]
    monitor: Monitor
    broken: tuple[BrokenManifest, ...]
    monitor_errors: tuple[ManifestError, ...]
    routing_known: bool
    warnings: tuple[ManifestError, ...]


def load_pinned(directory: Path) -> Fleet:
    """The fleet of a directory as it was when the code location was loaded.

    Raises `ManifestDirectoryError` where the directory cannot be listed.
    """
    key = f"integration_monitor:{directory}"
    return pinned(key, lambda: load_directory(directory), dump_fleet, restore_fleet)


def load_pinned_monitor(file: Path) -> Fleet:
    """A fleet without integrations, of a monitor.yaml as it was when the location was loaded.

    Raises `MonitorFileError` where something is wrong with the file.
    """
    key = f"integration_monitor:{file}"
    return pinned(key, lambda: _load_monitor(file), dump_fleet, restore_fleet)


def _load_monitor(file: Path) -> Fleet:
    fleet = load_monitor(file)
    if fleet.errors:
        raise MonitorFileError("\n".join(map(str, fleet.errors)))
    return fleet


def dump_fleet(fleet: Fleet) -> str:
    """A fleet as a text without secrets."""
    return _Kept(
        directory=fleet.directory,
        texts={each.file: fleet.texts[each.file] for each in fleet.integrations},
        monitor=fleet.monitor,
        broken=fleet.broken,
        monitor_errors=fleet.monitor_errors,
        routing_known=fleet.routing_known,
        warnings=fleet.warnings,
    ).model_dump_json()


def restore_fleet(text: str) -> Fleet:
    """The fleet that `dump_fleet` was given."""
    kept = _Kept.model_validate_json(text)
    # Its channels were compared with the manifests when the fleet was loaded.
    surroundings = Surroundings(owner=kept.monitor.owner, channels=None)
    manifests = [
        read_integration(file, text, surroundings).manifest for file, text in kept.texts.items()
    ]
    return Fleet(
        directory=kept.directory,
        integrations=tuple(each for each in manifests if isinstance(each, Integration)),
        broken=kept.broken,
        monitor=kept.monitor,
        monitor_errors=kept.monitor_errors,
        routing_known=kept.routing_known,
        warnings=kept.warnings,
        texts=kept.texts,
    )
