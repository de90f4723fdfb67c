"""Checks of the `{placeholders}` of a request, on the plain values of a manifest. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from integration_monitor.manifest.problems import Problem, items, mapping, name_of, nearest
from integration_monitor.manifest.scalars import HOW_TO_REFER
from integration_monitor.manifest.secret_names import is_secret_name, secret_parameters
from integration_monitor.manifest.yaml_document import Path

_PAGE_PLACES = ("cursor", "page", "offset", "size")
LIST_PLACES = ("since", "until", *_PAGE_PLACES)
LOOKUP_PLACES = ("keys", "key", *_PAGE_PLACES)
_PLACES = ("since", "until", "keys", "key", *_PAGE_PLACES)
_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_CREDENTIAL = re.compile(r"connection\.([A-Za-z0-9_]+)")
_PARTS = ("path", "query", "body", "headers")
_NO_SECRETS = (
    "a secret must not stand in a manifest: use `auth`, "
    "or a credential of the connection, {connection.NAME}"
)

Credentials = frozenset[str] | None
"""The names a connection has for certain; None where only the query's result can tell."""


def texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text within a value, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, (*path, index))


def check_list(rest: Mapping[str, Any], path: Path, credentials: Credentials) -> Iterator[Problem]:
    """A request that lists records: filtered where its mode says so, and able to go on."""
    request = mapping(rest.get("list"))
    if not request:
        return
    here: Path = (*path, "list")
    yield from check_places(request, here, LIST_PLACES, credentials)
    places = places_of(request)
    if request.get("mode", "changed") == "changed" and "since" not in places:
        yield Problem(
            here, "`list`: mode `changed` needs {since} in the request; or set `mode`", of_key=True
        )
    if "cursor" in places and rest.get("next") is None and rest.get("pages") is None:
        yield Problem(here, "`list`: {cursor} is used, but `next` does not say where it is", True)
    method = request.get("method", "GET")
    if rest.get("next") is not None and "cursor" not in places and method != "GET":
        yield Problem((*path, "next"), "`next`: the list request has no {cursor} to put it in")


def check_lookup(
    rest: Mapping[str, Any], path: Path, credentials: Credentials
) -> Iterator[Problem]:
    """A request that returns the records of some keys."""
    request = mapping(rest.get("lookup"))
    if not request:
        return
    here: Path = (*path, "lookup")
    yield from check_places(request, here, LOOKUP_PLACES, credentials)
    if not places_of(request) & {"keys", "key"}:
        yield Problem(here, "`lookup`: needs {keys} in its path, query or body", of_key=True)
    path_text = request.get("path")
    if isinstance(path_text, str) and "{key}" in path_text and request.get("batch", 100) != 1:
        yield Problem(here, "`lookup`: {key} in the path asks for one record: set batch: 1", True)


def check_credential(name: str, path: Path, credentials: Credentials) -> Iterator[Problem]:
    """`{connection.NAME}` names something that every connection has."""
    known = None if credentials is None else {*credentials, "tenant"}
    if known is None or name in known:
        return
    if not credentials:
        yield Problem(path, f"{{connection.{name}}}: no connection has credentials here")
    else:
        yield Problem(
            path, f"{{connection.{name}}}: a connection has no `{name}`{nearest(name, known)}"
        )


def credentials_of(connections: object) -> Credentials:
    """The names of credentials that every connection has, as far as the manifest tells."""
    if "sql" in mapping(connections):
        return None
    listed = [frozenset(mapping(entry)) - {"tenant"} for entry in _listed(connections)]
    return frozenset.intersection(*listed) if listed else frozenset()


def _listed(connections: object) -> list[Any]:
    return items(mapping(connections).get("list"))


def places_of(request: Mapping[str, Any]) -> set[str]:
    """The placeholders of a request."""
    return {place for place, _ in placed(request, ())}


def placed(request: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Path]]:
    """Every placeholder of a request, with the path of the text that holds it."""
    for part in _PARTS:
        for where, text in texts(request.get(part), (*path, part)):
            if "{" in text:
                yield from ((place, where) for place in _PLACE.findall(text))


def check_places(
    request: Mapping[str, Any], path: Path, allowed: tuple[str, ...], credentials: Credentials
) -> Iterator[Problem]:
    """Every placeholder of a request is one of those that are known there."""
    found = list(placed(request, path))
    for place, where in found:
        yield from _check_place(place, where, allowed, credentials)
    address: Path = (*path, "path")
    if ("cursor", address) in found and "cursor" in allowed:
        yield Problem(address, "`path`: {cursor} is not known on the first page")
    yield from _check_literals(request, path)


def _check_place(
    place: str, where: Path, allowed: tuple[str, ...], credentials: Credentials
) -> Iterator[Problem]:
    if found := _CREDENTIAL.fullmatch(place):
        yield from check_credential(found[1], where, credentials)
    elif place in _PLACES and place not in allowed:
        yield Problem(where, f"{{{place}}} has no meaning here; {_allowed(allowed)}")
    elif place not in _PLACES and _is_meant_as_place(place, where):
        own = (
            ""
            if where[-1:] == ("path",)
            else f"; braces of the partner's own take spaces: {{ {place} }}"
        )
        yield Problem(where, f"unknown placeholder {{{place}}}; {_allowed(allowed)}{own}")


def _is_meant_as_place(place: str, where: Path) -> bool:
    """In a path always; in other texts braces may be the partner's own, such as GraphQL's."""
    if "path" in where[-1:] or place.startswith("connection"):
        return True
    return bool(nearest(place.lower(), _PLACES))


def _allowed(allowed: tuple[str, ...]) -> str:
    return f"allowed: {' '.join(f'{{{place}}}' for place in (*allowed, 'connection.NAME'))}"


def _check_literals(request: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """A header or parameter that is named like a secret holds a placeholder, not a literal."""
    for part in ("query", "headers", "body"):
        for where, text in texts(request.get(part), (*path, part)):
            if is_secret_name(name_of(where)) and not _PLACE.search(text):
                yield Problem(where, f"`{name_of(where)}`: {_NO_SECRETS}")
    address = request.get("path")
    if isinstance(address, str):
        for name, value in secret_parameters(address):
            if not _PLACE.search(value):
                yield Problem((*path, "path"), f"`path`, parameter `{name}`: {_NO_SECRETS}")


def check_no_secret(value: object, path: Path) -> Iterator[Problem]:
    """No text that is named like a secret, where only a reference may be one."""
    for where, _ in texts(value, path):
        if is_secret_name(name_of(where)):
            yield Problem(
                where, f"`{name_of(where)}`: a secret must not stand in a manifest: {HOW_TO_REFER}"
            )
