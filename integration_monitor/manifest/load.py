"""Manifest files → a fleet. Whatever is wrong with a file stays with that file.

Reading files (`load_directory`, `load_file`) is apart from understanding texts (`load_texts`),
so that a fleet can be carried to another process as texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from itertools import chain, count
from pathlib import Path, PurePath

from integration_monitor.manifest.domain import (
    BrokenManifest,
    Fleet,
    Integration,
    ManifestError,
    Monitor,
)
from integration_monitor.manifest.read_manifest import (
    Declared,
    ReadManifest,
    Surroundings,
    fallback_name,
    read_integration,
)
from integration_monitor.manifest.read_monitor import read_monitor

MONITOR_FILES = ("monitor.yaml", "monitor.yml")
SUFFIXES = (".yaml", ".yml")

FileText = str | ManifestError
"""What a file holds, or why it could not be read."""


class ManifestDirectoryError(Exception):
    """The manifest directory is not there, or cannot be listed."""


def load_directory(path: str | Path) -> Fleet:
    """Everything in `*.yaml` and `*.yml` of a directory; hidden files are passed over.

    Raises `ManifestDirectoryError` where the directory cannot be listed, and nothing else:
    mistakes in files are in the fleet's `errors`.
    """
    return load_texts(read_directory(path), directory=str(path))


def read_directory(path: str | Path) -> dict[str, FileText]:
    """The text of each manifest file by its path. Raises `ManifestDirectoryError`."""
    directory = Path(path)
    try:
        names = sorted(entry.name for entry in directory.iterdir() if _is_manifest(entry))
    except FileNotFoundError:
        raise ManifestDirectoryError(f"the manifest directory {directory} does not exist") from None
    except NotADirectoryError:
        raise ManifestDirectoryError(f"{directory} is a file, not a manifest directory") from None
    except OSError as error:
        raise ManifestDirectoryError(
            f"the manifest directory {directory} cannot be read: {error.strerror}"
        ) from None
    return {str(directory / name): _read(directory / name) for name in names}


def load_texts(texts: Mapping[str, FileText], *, directory: str = ".") -> Fleet:
    """A fleet from the texts of files by their paths; monitor.yaml is known by its name."""
    monitor_files = sorted(file for file in texts if PurePath(file).name in MONITOR_FILES)
    watched = read_monitor([(file, texts[file]) for file in monitor_files])
    surroundings = Surroundings.of(watched.monitor, channels_known=watched.channels_known)
    fleet = Fleet(
        directory=directory,
        monitor=watched.monitor,
        monitor_errors=watched.errors,
        routing_known=watched.routing_known,
    )
    manifests = {
        file: read_integration(file, texts[file], surroundings)
        for file in sorted(texts)
        if file not in monitor_files
    }
    fleet = _with_manifests(fleet, manifests)
    sound = [one.file for one in fleet.integrations]
    if not watched.errors:
        sound.extend(monitor_files)
    kept = {file: text for file in sorted(sound) if isinstance(text := texts[file], str)}
    return replace(fleet, texts=kept)


def load_monitor(path: str | Path) -> Fleet:
    """A fleet without integrations, of one monitor.yaml (the file may have another name).

    Raises nothing: mistakes, and a file that cannot be read, are in the fleet's `errors`.
    """
    file = Path(path)
    read = read_monitor([(str(file), _read(file))])
    return Fleet(
        directory=str(file.parent),
        monitor=read.monitor,
        monitor_errors=read.errors,
        routing_known=read.routing_known,
    )


def load_file(path: str | Path, monitor: Monitor) -> Integration | BrokenManifest:
    """One manifest as it is on disk now, for example to see whether it was repaired.

    A name that another file has too is not noticed here. Raises nothing.
    """
    return read_integration(str(path), _read(Path(path)), Surroundings.of(monitor)).manifest


def _is_manifest(entry: Path) -> bool:
    return entry.suffix in SUFFIXES and not entry.name.startswith(".") and not entry.is_dir()


def _read(path: Path) -> FileText:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        return ManifestError(str(path), line, column, "the file is not UTF-8 text")
    except OSError as error:
        return ManifestError(str(path), 1, 1, f"the file cannot be read: {error.strerror}")


def _with_manifests(fleet: Fleet, found: Mapping[str, ReadManifest]) -> Fleet:
    manifests = _uniquely_named(found)
    return replace(
        fleet,
        integrations=tuple(one for one in manifests if isinstance(one, Integration)),
        broken=tuple(one for one in manifests if isinstance(one, BrokenManifest)),
        warnings=tuple(sorted(warning for one in found.values() for warning in one.warnings)),
    )


def _uniquely_named(found: Mapping[str, ReadManifest]) -> list[Integration | BrokenManifest]:
    """A name belongs to the first file that declares it: checks and incidents are known by it."""
    files: dict[str, str] = {}
    for file, one in found.items():
        if one.declared:
            files.setdefault(one.declared.name, file)
    taken = set(files)
    manifests: list[Integration | BrokenManifest] = []
    for file, one in found.items():
        manifest = one.manifest
        if one.declared is None or files[one.declared.name] != file:
            manifest = _renamed(one, files, _free_name(fallback_name(file), taken))
            taken.add(manifest.name)
        manifests.append(manifest)
    return manifests


def _renamed(one: ReadManifest, files: Mapping[str, str], name: str) -> BrokenManifest:
    """A file that declares no name, or one that another file has already."""
    manifest = one.manifest
    errors = manifest.errors if isinstance(manifest, BrokenManifest) else ()
    if one.declared:
        errors = (*errors, _duplicate(manifest.file, one.declared, files))
    return BrokenManifest(name, manifest.file, tuple(sorted(errors)))


def _duplicate(file: str, declared: Declared, files: Mapping[str, str]) -> ManifestError:
    first = PurePath(files[declared.name]).name
    message = f"`integration`: `{declared.name}` is already described in {first}"
    return ManifestError(file, declared.line, declared.column, message)


def _free_name(name: str, taken: Set[str]) -> str:
    numbered = (f"{name}_{number}" for number in count(2))
    return next(one for one in chain([name], numbered) if one not in taken)
