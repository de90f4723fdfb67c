"""What `validate` says beyond mistakes: references that are not set, sections nothing watches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel

from integration_monitor.manifest.domain import Fleet, ManifestError, Reference
from integration_monitor.manifest.load import MONITOR_FILES
from integration_monitor.manifest.problems import mapping
from integration_monitor.manifest.webhook_notes import webhook_notes
from integration_monitor.manifest.wire import Manifest, Monitor
from integration_monitor.manifest.yaml_document import Path, YamlDocument, parse_yaml

UNWATCHED = ("probe", "slo")
"""Sections of a manifest that are read, and that this version does not watch."""

UNWATCHED_IN_SYNC = ("compare",)


def missing_references(fleet: Fleet, environ: Mapping[str, str]) -> tuple[ManifestError, ...]:
    """Every reference of a sound file to a variable that is not set or empty, with its place."""
    found = []
    for file, document in _documents(fleet):
        model = Monitor if _is_monitor(file) else Manifest
        for path, reference in _references(model.model_validate(document.value), ()):
            if not environ.get(reference.env):
                message = f"environment variable {reference.env} is not set"
                found.append(ManifestError(file, *document.position(path), message))
    return tuple(sorted(found))


def unwatched(fleet: Fleet) -> tuple[ManifestError, ...]:
    """What of sound manifests is not watched, or less than somebody may think: notes."""
    notes = []
    for file, document in _documents(fleet):
        if not _is_monitor(file):
            value = document.value
            for path, message in (*_unwatched(value), *_partly(value), *webhook_notes(value)):
                notes.append(ManifestError(file, *document.position(path, of_key=True), message))
    return tuple(sorted(notes))


def _documents(fleet: Fleet) -> Iterator[tuple[str, YamlDocument]]:
    for file, text in fleet.texts.items():
        yield file, parse_yaml(text)


def _is_monitor(file: str) -> bool:
    return PurePath(file).name in MONITOR_FILES


def _unwatched(value: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for section in UNWATCHED:
        if value.get(section):
            yield (section,), f"`{section}` is parsed, not watched by this version"
    for name, sync in mapping(value.get("syncs")).items():
        for section in UNWATCHED_IN_SYNC:
            if mapping(sync).get(section):
                message = f"`{section}` is parsed, not watched by this version"
                yield ("syncs", name, section), message


def _partly(value: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    if value.get("calls") and not value.get("endpoints"):
        yield ("calls",), "`calls`: without `endpoints` all calls are those of one, `other`"
    for name, sync in mapping(value.get("syncs")).items():
        for role in ("source", "destination"):
            side = mapping(mapping(sync).get(role))
            rest = mapping(side.get("rest"))
            if rest.get("list") and not rest.get("next") and not rest.get("pages"):
                message = "`list`: without `next` or `pages` only the first page is read"
                yield ("syncs", name, role, "rest", "list"), message
            if role == "destination" and not side.get("updated_at"):
                message = (
                    "`destination`: without `updated_at` it is only seen that a record is there"
                )
                yield ("syncs", name, role), f"{message}, not whether it is the newest version"


def _references(value: object, path: Path) -> Iterator[tuple[Path, Reference]]:
    """The references within a wire model, with their paths as the user wrote them."""
    if isinstance(value, Reference):
        yield path, value
    for step, inner in _inner(value):
        yield from _references(inner, (*path, step))


def _inner(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield field.alias or name, getattr(value, name)
        yield from (value.__pydantic_extra__ or {}).items()
    elif isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
