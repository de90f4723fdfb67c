"""Whatever stands where in a manifest: it is read or refused, and nothing is raised."""

from __future__ import annotations

import copy
import json
from itertools import cycle
from pathlib import Path as FilePath
from typing import Any

import pytest

from integration_monitor.manifest import Fleet, load_texts
from integration_monitor.manifest.references import missing_references, unwatched
from integration_monitor.manifest.yaml_document import Path, parse_yaml

EXAMPLES = FilePath(__file__).parents[2] / "integrations"
DOCUMENTS = {
    file.name: parse_yaml(file.read_text(encoding="utf-8")).value
    for file in sorted(EXAMPLES.glob("*.yaml"))
}
ODD: list[Any] = [None, True, 5, -1.5, "", "x", "{", "http://[", [], [5], {}, {"x": 5}]


def paths(value: Any, path: Path = ()) -> list[Path]:
    """Every place in a document."""
    if not isinstance(value, dict | list):
        return [path]
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *(found for step, inner in steps for found in paths(inner, (*path, step)))]


def changed(document: Any, path: Path, value: Any) -> Any:
    """A copy of a document with another value in one place."""
    if not path:
        return value
    copied = copy.deepcopy(document)
    place = copied
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copied


def load(name: str, document: Any) -> Fleet:
    """The fleet of one document and the examples' monitor.yaml; JSON is YAML."""
    texts = {"monitor.yaml": json.dumps(DOCUMENTS["monitor.yaml"])}
    return load_texts(texts | {name: json.dumps(document, indent=1)})


@pytest.mark.parametrize("name", DOCUMENTS)
def test_some_value_in_any_place_is_read_or_refused(name: str) -> None:
    for path, odd in zip(paths(DOCUMENTS[name]), cycle(ODD), strict=False):
        require_read_or_refused(name, path, odd)


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_any_value_in_any_place_is_read_or_refused(name: str, odd: Any) -> None:
    for path in paths(DOCUMENTS[name]):
        require_read_or_refused(name, path, odd)


def require_read_or_refused(name: str, path: Path, odd: Any) -> None:
    """An odd value in one place breaks this manifest, or none."""
    fleet = load(name, changed(DOCUMENTS[name], path, odd))
    missing_references(fleet, {})
    unwatched(fleet)
    assert len(fleet.integrations) + len(fleet.broken) == (name != "monitor.yaml"), path


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_key_can_be_missed_without_a_word(name: str) -> None:
    """Each key of the examples, misspelt, is an error: none is read past in silence."""
    for path in paths(DOCUMENTS[name]):
        if path and isinstance(path[-1], str) and not _is_free(path):
            parent: Any = DOCUMENTS[name]
            for step in path[:-1]:
                parent = parent[step]
            renamed = {f"{k}Q" if k == path[-1] else k: v for k, v in parent.items()}
            assert load(name, changed(DOCUMENTS[name], path[:-1], renamed)).errors, path


def _is_free(path: Path) -> bool:
    """Keys that the writer chooses."""
    return (
        any(step in ("body", "query", "headers", "fields", "classes") for step in path[:-1])
        or path[:-1] in (("endpoints",), ("syncs",), ("channels",), ("webhooks", "events"))
        or (path[0] == "webhooks" and "data" in path[:-1])
        or path[:2] == ("connections", "list")
    )
