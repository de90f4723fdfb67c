"""Checks of the two sides of a sync against each other and against their kind. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integration_monitor.manifest.jmespath_checks import check_jmespath
from integration_monitor.manifest.page_checks import check_paging
from integration_monitor.manifest.problems import Problem, mapping, nearest
from integration_monitor.manifest.template_checks import Credentials, check_list, check_lookup
from integration_monitor.manifest.yaml_document import Path

_SIDE_PATHS = ("key", "updated_at", "loaded_at", "tenant", "where")
_REST_PATHS = ("records", "next")


def check_sync(
    sync: Mapping[str, Any], path: Path, endpoints: Mapping[str, Any], credentials: Credentials
) -> Iterator[Problem]:
    """Whatever the shape of a sync alone does not say."""
    yield from one_of(sync, path, "every", "cron")
    source, destination = mapping(sync.get("source")), mapping(sync.get("destination"))
    yield from _check_source(source, (*path, "source"))
    yield from _check_destination(destination, (*path, "destination"))
    for role, side in (("source", source), ("destination", destination)):
        yield from _check_side(side, (*path, role), endpoints, credentials)
    yield from _check_fields(sync, path)


def one_of(value: Mapping[str, Any], path: Path, first: str, second: str) -> Iterator[Problem]:
    """Exactly one of two keys is there."""
    found = [key for key in (first, second) if value.get(key) is not None]
    if len(found) == 2:
        yield Problem((*path, second), f"`{second}` and `{first}` exclude each other", of_key=True)
    if not found:
        yield Problem(path, f"one of `{first}` and `{second}` is missing{_in(path)}", of_key=True)


def _in(path: Path) -> str:
    return f" in `{'.'.join(map(str, path))}`" if path else ""


def _check_side(
    side: Mapping[str, Any], path: Path, endpoints: Mapping[str, Any], credentials: Credentials
) -> Iterator[Problem]:
    if not side:
        return
    yield from one_of(side, path, "rest", "sql")
    if isinstance(side.get("sql"), dict):
        yield from one_of(side["sql"], (*path, "sql"), "table", "query")
    if isinstance(side.get("rest"), dict):
        yield from _check_rest(side["rest"], (*path, "rest"), endpoints, credentials)
        for name in _SIDE_PATHS:
            yield from check_jmespath(side.get(name), (*path, name), name)


def _check_rest(
    rest: Mapping[str, Any], path: Path, endpoints: Mapping[str, Any], credentials: Credentials
) -> Iterator[Problem]:
    for name in _REST_PATHS:
        yield from check_jmespath(rest.get(name), (*path, name), name)
    endpoint = rest.get("endpoint")
    if isinstance(endpoint, str) and endpoint not in endpoints:
        declared = ", ".join(sorted(endpoints)) or "none"
        yield Problem(
            (*path, "endpoint"),
            f"`endpoint`: `{endpoint}` is not declared under `endpoints`"
            f"{nearest(endpoint, endpoints) or ';'} declared: {declared}",
        )
    yield from check_list(rest, path, credentials)
    yield from check_lookup(rest, path, credentials)
    yield from check_paging(rest, path, credentials)


def _check_source(source: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    rest = source.get("rest")
    if source and source.get("updated_at") is None and not _lists_everything(rest):
        yield Problem((*path, "updated_at"), f"`updated_at` is missing{_in(path)}")
    if isinstance(rest, dict) and rest.get("list") is None:
        yield Problem(
            (*path, "rest", "list"), f"`list` is missing{_in((*path, 'rest'))}: how to read it"
        )


def _lists_everything(rest: object) -> bool:
    """Each reading sees every record, so that none has to be found by its time."""
    return mapping(mapping(rest).get("list")).get("mode") == "full"


def _check_destination(destination: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    rest = destination.get("rest")
    if isinstance(rest, dict) and rest.get("lookup") is None:
        yield Problem(
            (*path, "rest", "lookup"),
            f"`lookup` is missing{_in((*path, 'rest'))}: how to find records by their keys",
        )


def _check_fields(sync: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    inward = "rest" in mapping(sync.get("source"))
    outward = "rest" in mapping(sync.get("destination"))
    for column, source in mapping(sync.get("fields")).items():
        here: Path = (*path, "fields", column)
        if inward:
            yield from check_jmespath(source, here, column)
        if outward:
            yield from check_jmespath(column, here, column)
