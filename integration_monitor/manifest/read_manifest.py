"""One text → one integration, or everything that is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from integration_monitor.manifest import convert
from integration_monitor.manifest.checks import check_manifest
from integration_monitor.manifest.domain import (
    BrokenManifest,
    Integration,
    ManifestError,
    Monitor,
    Owner,
)
from integration_monitor.manifest.problems import Problem, problems_of
from integration_monitor.manifest.scalars import NAME
from integration_monitor.manifest.wire import VERSION, Manifest
from integration_monitor.manifest.yaml_document import UnreadableYaml, YamlDocument, parse_yaml

Model = TypeVar("Model", bound=BaseModel)

_DECLARATION = re.compile(
    r"^integration:[ \t]*(['\"]?)([a-z][a-z0-9_]*)\1[ \t]*(?:#.*)?\r?$", re.MULTILINE
)


@dataclass(frozen=True)
class Surroundings:
    """What a manifest may refer to outside of itself."""

    owner: Owner | None = None
    channels: frozenset[str] | None = frozenset()
    """None where monitor.yaml's channels could not be read: then nothing is said about them."""

    @classmethod
    def of(cls, monitor: Monitor, *, channels_known: bool = True) -> Surroundings:
        """What a monitor gives to its manifests."""
        return cls(monitor.owner, frozenset(monitor.channels) if channels_known else None)


@dataclass(frozen=True)
class Declared:
    """Where a file says which integration it describes."""

    name: str
    line: int
    column: int


@dataclass(frozen=True)
class ReadManifest:
    """What came of one file."""

    manifest: Integration | BrokenManifest
    declared: Declared | None = None
    warnings: tuple[ManifestError, ...] = ()


def read_integration(
    file: str, text: str | ManifestError, surroundings: Surroundings
) -> ReadManifest:
    """Read one manifest. A text that could not be had is given as its error."""
    if isinstance(text, ManifestError):
        return ReadManifest(BrokenManifest(fallback_name(file), file, (text,)))
    try:
        document = parse_yaml(text)
    except UnreadableYaml as error:
        declared = _declared_in_text(text)
        return ReadManifest(_broken(file, declared, flaws_at(file, error)), declared)
    return _read_document(file, document, surroundings)


def fallback_name(file: str) -> str:
    """A name for a file that does not say its own: the stem, made fit for a name."""
    stem = re.sub(r"[^a-z0-9_]+", "_", PurePath(file).stem.lower()).strip("_")
    return stem if re.fullmatch(NAME, stem) else f"manifest_{stem}".rstrip("_")


def flaws_at(file: str, error: UnreadableYaml) -> tuple[ManifestError, ...]:
    """The flaws of a text as errors of its file."""
    flaws = [ManifestError(file, flaw.line, flaw.column, flaw.message) for flaw in error.flaws]
    return tuple(sorted(set(flaws)))


def errors_at(
    file: str, document: YamlDocument, problems: Iterable[Problem]
) -> tuple[ManifestError, ...]:
    """Problems as errors with their positions, in the order of the file."""
    found = {
        ManifestError(file, *document.position(one.path, of_key=one.of_key), one.message)
        for one in problems
    }
    return tuple(sorted(found))


def validate(model: type[Model], value: Mapping[str, Any]) -> tuple[Model | None, list[Problem]]:
    """The wire model of a value, or what is wrong with it."""
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        return None, problems_of(error, model)


def version_problem(value: Mapping[str, Any]) -> Problem | None:
    """A file of another version is not judged by this one's rules."""
    version = value.get("version", VERSION)
    if isinstance(version, int) and version != VERSION:
        message = f"`version`: this release reads version {VERSION}, not version {version}"
        return Problem(("version",), message)
    return None


def _read_document(file: str, document: YamlDocument, surroundings: Surroundings) -> ReadManifest:
    declared = _declared_in(document)
    read, problems = _validated(document.value, surroundings)
    owner = convert.owner(read.owner) if read and read.owner else surroundings.owner
    if problems or read is None or owner is None:
        errors = errors_at(file, document, problems)
        return ReadManifest(_broken(file, declared, errors), declared)
    warnings = () if read.owner else (_no_owner(file, owner),)
    return ReadManifest(convert.integration(read, file=file, owner=owner), declared, warnings)


def _validated(
    value: Mapping[str, Any], surroundings: Surroundings
) -> tuple[Manifest | None, list[Problem]]:
    other_version = version_problem(value)
    if other_version:
        return None, [other_version]
    read, problems = validate(Manifest, value)
    problems.extend(check_manifest(value, surroundings.channels))
    if value.get("owner") is None and surroundings.owner is None:
        problems.append(Problem((), "`owner` is missing: name one here or in monitor.yaml"))
    return read, problems


def _no_owner(file: str, owner: Owner) -> ManifestError:
    return ManifestError(file, 1, 1, f"no `owner`: {owner.name} of monitor.yaml stands in")


def _broken(
    file: str, declared: Declared | None, errors: tuple[ManifestError, ...]
) -> BrokenManifest:
    return BrokenManifest(declared.name if declared else fallback_name(file), file, errors)


def _declared_in(document: YamlDocument) -> Declared | None:
    name = document.value.get("integration")
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        return None
    return Declared(name, *document.position(("integration",)))


def _declared_in_text(text: str) -> Declared | None:
    """The name in a text that is no YAML: so its check keeps its name while it is broken."""
    found = _DECLARATION.search(text)
    if found is None:
        return None
    line = text.count("\n", 0, found.start()) + 1
    return Declared(found[2], line, found.start(2) - found.start() + 1)
