"""Which fields of a side a sync uses: the ones whose loss breaks it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import jmespath
from jmespath.exceptions import JMESPathError

from integration_monitor.manifest.domain import Side, SqlSide, Sync
from integration_monitor.signals.shape import child

Role = Literal["source", "destination"]

_SQL_STRING = re.compile(r"'(?:[^']|'')*'")
_SQL_NAME = re.compile(r"[^\W\d]\w*")
_PROJECTIONS = ("projection", "filter_projection")


def side_of(sync: Sync, role: Role) -> Side:
    """That end of the sync."""
    return sync.source if role == "source" else sync.destination


def mapped_paths(sync: Sync, role: Role) -> Mapping[str, str]:
    """The paths (REST) or columns (SQL, in lower case) that a sync uses, and what for each is."""
    side = side_of(sync, role)
    uses = {"key": side.key, "updated_at": side.updated_at, "loaded_at": side.loaded_at}
    uses |= {"tenant": side.tenant}
    found: dict[str, str] = {}
    for column, source in sync.fields.items():
        for path in _paths(side, source if role == "source" else column):
            found.setdefault(path, column if role == "source" else source)
    for use, text in uses.items():
        for path in _paths(side, text) if text else ():
            found[path] = use
    for path in _paths_of_where(side):
        found.setdefault(path, "where")
    return found


def expression_paths(text: str) -> frozenset[str]:
    """The paths that a JMESPath expression reads; none of an expression that cannot be parsed."""
    try:
        tree = jmespath.compile(text).parsed
    except JMESPathError:
        return frozenset()
    beside: set[str] = set()
    return frozenset(path for path in _read(tree, "", beside) | beside if path)


def _paths(side: Side, text: str) -> frozenset[str]:
    if isinstance(side.at, SqlSide):
        return frozenset({text.casefold()})
    return expression_paths(text)


def _paths_of_where(side: Side) -> frozenset[str]:
    if side.where is None:
        return frozenset()
    if isinstance(side.at, SqlSide):
        # Words that are no columns do no harm: there is no such path.
        return frozenset(
            name.casefold() for name in _SQL_NAME.findall(_SQL_STRING.sub("", side.where))
        )
    return expression_paths(side.where)


def _read(node: Mapping[str, Any], path: str, beside: set[str]) -> set[str]:
    """What a node reads, starting at `path`; conditions and the like go to `beside`."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        return {child(path, node["value"])}
    if kind in ("current", "identity", "slice"):
        return {path}
    if kind == "index":
        return {f"{path}[]"}
    if kind == "pipe" and children[0]["type"] in _PROJECTIONS:
        return _of_elements(children, path, beside)
    if kind in ("subexpression", "index_expression", "pipe"):
        reached = {path}
        for step in children:
            reached = {end for start in reached for end in _read(step, start, beside)}
        return reached
    if kind == "flatten":
        return _read(children[0], path, beside)
    if kind in _PROJECTIONS:
        return _projected(children, path, beside)
    if kind == "value_projection":  # any key of an object: nothing is known of what follows
        return _read(children[0], path, beside)
    return {end for one in children for end in _read(one, path, beside)}


def _projected(children: list[Mapping[str, Any]], path: str, beside: set[str]) -> set[str]:
    elements = {f"{start}[]" for start in _read(children[0], path, beside)}
    for condition in children[2:]:
        beside |= {end for start in elements for end in _read(condition, start, beside)}
    return {end for start in elements for end in _read(children[1], start, beside)}


def _of_elements(children: list[Mapping[str, Any]], path: str, beside: set[str]) -> set[str]:
    """`a[].b | [0]`: the index picks one of the values that were collected, it goes no deeper."""
    return {
        start + end.removeprefix(start).removeprefix("[]")
        for start in _read(children[0], path, beside)
        for end in _read(children[1], start, beside)
    }
