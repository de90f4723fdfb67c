"""monitor.yaml: what belongs to the whole fleet, as far as it can be read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from integration_monitor.manifest import convert, wire
from integration_monitor.manifest.checks import check_monitor
from integration_monitor.manifest.domain import ManifestError, Monitor, Severity
from integration_monitor.manifest.problems import Problem, items, mapping
from integration_monitor.manifest.read_manifest import (
    errors_at,
    flaws_at,
    validate,
    version_problem,
)
from integration_monitor.manifest.yaml_document import UnreadableYaml, YamlDocument, parse_yaml

_ROUTING = (("channels",), ("routes",))
_DIVISIBLE = ("channels", "routes")
"""Sections of which the sound entries are kept."""


@dataclass(frozen=True)
class ReadMonitor:
    """The sound part of monitor.yaml, and what is wrong with the rest."""

    monitor: Monitor = field(default_factory=Monitor)
    errors: tuple[ManifestError, ...] = ()
    channels_known: bool = True
    routing_known: bool = True
    """Whether all channels and routes are known, so that everybody can be told."""


def read_monitor(files: Sequence[tuple[str, str | ManifestError]]) -> ReadMonitor:
    """The monitor of a fleet from its file; without one, the defaults. A second file is an error.

    A mistake in one section leaves the others in force: alerts still go out when another
    setting is wrong.
    """
    if not files:
        return ReadMonitor()
    found = _read(*files[0])
    seconds = [
        ManifestError(file, 1, 1, f"a second file beside {files[0][0]}: keep one of them")
        for file, _ in files[1:]
    ]
    return replace(found, errors=(*found.errors, *seconds))


def _read(file: str, text: str | ManifestError) -> ReadMonitor:
    if isinstance(text, ManifestError):
        return ReadMonitor(errors=(text,), channels_known=False, routing_known=False)
    try:
        document = parse_yaml(text)
    except UnreadableYaml as error:
        return ReadMonitor(errors=flaws_at(file, error), channels_known=False, routing_known=False)
    return _read_document(file, document)


def _read_document(file: str, document: YamlDocument) -> ReadMonitor:
    other_version = version_problem(document.value)
    if other_version:
        return ReadMonitor(
            errors=errors_at(file, document, [other_version]),
            channels_known=False,
            routing_known=False,
        )
    _, problems = validate(wire.Monitor, document.value)
    problems.extend(check_monitor(document.value))
    sound, _ = validate(wire.Monitor, _sound_part(document.value, problems))
    return ReadMonitor(
        monitor=convert.monitor(sound) if sound else Monitor(),
        errors=errors_at(file, document, problems),
        channels_known=not any(problem.path[:1] == ("channels",) for problem in problems),
        routing_known=not any(problem.path[:1] in _ROUTING for problem in problems),
    )


def _sound_part(value: Mapping[str, Any], problems: Iterable[Problem]) -> dict[str, Any]:
    """The value without its broken sections, channels, and routes to channels that are not there.

    An alert still goes to the channels that are sound.
    """
    broken = {problem.path[:2] for problem in problems}
    bad = {path[0] for path in broken if path and (path[0] not in _DIVISIBLE or len(path) == 1)}
    sound: dict[str, Any] = {key: part for key, part in value.items() if key not in bad}
    channels = {
        name: channel
        for name, channel in mapping(sound.get("channels")).items()
        if ("channels", name) not in broken
    }
    routes = {
        severity: [name for name in items(names) if isinstance(name, str) and name in channels]
        for severity, names in mapping(sound.get("routes")).items()
        if severity in get_args(Severity)
    }
    return {**sound, "version": wire.VERSION, "channels": channels, "routes": routes}
