"""Checks of `pages`, `next`, `count` and `errors` against the requests beside them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integration_monitor.manifest.jmespath_checks import check_jmespath
from integration_monitor.manifest.problems import Problem, mapping
from integration_monitor.manifest.template_checks import (
    Credentials,
    check_places,
    placed,
    places_of,
)
from integration_monitor.manifest.yaml_document import Path

_KEYS: Mapping[str, tuple[str, ...]] = {
    "cursor": ("body", "header", "more"),
    "page_number": ("start", "size", "more"),
    "offset": ("start", "size", "more"),
    "link_header": ("more",),
    "next_url": ("body", "more"),
    "keyset": ("cursor", "size", "more"),
}
_NEEDED = {"next_url": "body", "keyset": "cursor"}
_PLACES = {"cursor": "cursor", "page_number": "page", "offset": "offset", "keyset": "cursor"}
"""The placeholder by which a kind asks for the next page; the others ask for an address."""


def check_paging(
    rest: Mapping[str, Any], path: Path, credentials: Credentials
) -> Iterator[Problem]:
    """Pages that can be asked for, and a count that counts everything."""
    pages = mapping(rest.get("pages"))
    if pages and rest.get("next") is not None:
        yield Problem((*path, "pages"), "`pages` and `next` exclude each other", of_key=True)
    if pages:
        yield from _check_keys(pages, (*path, "pages"))
        yield from _check_use(pages, rest, path)
    yield from _check_placeholders(pages, rest, path)
    yield from _check_count(rest, path, credentials)
    yield from check_jmespath(rest.get("errors"), (*path, "errors"), "errors")
    yield from _check_etag(mapping(rest.get("list")), (*path, "list"))


def _check_keys(pages: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    kind = str(pages.get("type"))
    for name in ("body", "cursor", "more"):
        yield from check_jmespath(pages.get(name), (*path, name), name)
    if kind not in _KEYS:
        return
    for name in ("body", "header", "cursor", "start", "size", "more"):
        if pages.get(name) is not None and name not in _KEYS[kind]:
            allowed = ", ".join(_KEYS[kind])
            message = f"`{name}` has no meaning for type {kind}; allowed: {allowed}"
            yield Problem((*path, name), message, of_key=True)
    needed = _NEEDED.get(kind)
    if needed and pages.get(needed) is None:
        yield Problem(path, f"`{needed}` is missing: type {kind} needs it", of_key=True)
    if kind == "cursor" and (pages.get("body") is None) == (pages.get("header") is None):
        message = "type cursor needs one of `body` and `header`: where the next cursor is"
        yield Problem(path, message, of_key=True)


def _check_use(pages: Mapping[str, Any], rest: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """The request that lists (or looks up, where nothing lists) can ask for the next page."""
    kind = str(pages.get("type"))
    name = "list" if rest.get("list") is not None else "lookup"
    request = mapping(rest.get(name))
    if kind not in _KEYS or not request:
        return
    place = _PLACES.get(kind)
    if place and place not in places_of(request):
        message = f"type {kind} needs {{{place}}} in the query or body of `{name}`"
        yield Problem((*path, "pages", "type"), message)
    if place is None and request.get("method", "GET") != "GET":
        message = f"type {kind} asks for an address, by GET; the method of `{name}` is another"
        yield Problem((*path, "pages", "type"), message)


def _check_placeholders(
    pages: Mapping[str, Any], rest: Mapping[str, Any], path: Path
) -> Iterator[Problem]:
    """`{page}`, `{offset}` and `{size}` are known only where `pages` says so."""
    kind = str(pages.get("type"))
    known = {"page": kind == "page_number", "offset": kind == "offset"}
    known["size"] = pages.get("size") is not None
    needed = {"page": "`pages: {type: page_number}`", "offset": "`pages: {type: offset}`"}
    for name in ("list", "lookup"):
        for place, where in placed(mapping(rest.get(name)), (*path, name)):
            if not known.get(place, True):
                what = needed.get(place, "a `size` in `pages`")
                yield Problem(where, f"{{{place}}} needs {what}")
            if place == "cursor" and kind in _KEYS and _PLACES.get(kind) != "cursor":
                yield Problem(where, f"{{cursor}} has no meaning for `pages` of type {kind}")


def _check_count(
    rest: Mapping[str, Any], path: Path, credentials: Credentials
) -> Iterator[Problem]:
    count, here = rest.get("count"), (*path, "count")
    if not isinstance(count, dict):
        yield from check_jmespath(count, here, "count")
        return
    yield from check_jmespath(count.get("body"), (*here, "body"), "body")
    found = [name for name in ("body", "header", "paging") if count.get(name) is not None]
    if len(found) != 1:
        message = "`count` needs exactly one of `body`, `header` and `paging`"
        yield Problem(here, message, of_key=True)
    request = mapping(count.get("request"))
    if request and "paging" in found:
        message = "`request` and `paging` exclude each other"
        yield Problem((*here, "request"), message, of_key=True)
    yield from check_places(request, (*here, "request"), (), credentials)


def _check_etag(request: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if request.get("etag") is not True:
        return
    if request.get("mode", "changed") != "newest_first":
        message = "`etag` needs mode `newest_first`: only there the first page has every change"
        yield Problem((*path, "etag"), message, of_key=True)
    if request.get("method", "GET") != "GET":
        yield Problem((*path, "etag"), "`etag` needs the method GET", of_key=True)
