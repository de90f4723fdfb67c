"""Which endpoint of the manifest a call went to, and which record it wrote. Pure.

Templates are compiled once: those of the endpoints, and the requests of syncs that name one. A
path is compared step by step, percent-encoding resolved within each step, so that an encoded slash
stays part of an id. Queries are never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from integration_monitor.manifest.domain import Endpoint, Integration, Partner, RestSide
from integration_monitor.observe.canonical import canonical_key
from integration_monitor.observe.rest_records import Path
from integration_monitor.store.call_batch import OTHER

_REMEMBERED = 4096
"""Paths whose endpoint is remembered; paths hold ids, there is no end of them."""
_LONGEST_PATH = 2048
_LONGEST_KEY = 200
_PLACE = re.compile(r"\{([^{}]+)\}")

Steps = tuple[str, ...]


@dataclass(frozen=True)
class Template:
    """The path of an endpoint: a text, or a pattern with its placeholders, for each step."""

    endpoint: str
    steps: tuple[str | re.Pattern[str], ...]
    places: tuple[str, ...]
    literal: int
    """Characters outside of placeholders."""

    def values(self, steps: Steps) -> Mapping[str, str] | None:
        """The placeholders of a path, by their names; None where it is not this endpoint's."""
        found: list[str] = []
        for mine, given in zip(self.steps, steps, strict=False):
            if isinstance(mine, str):
                if mine != given:
                    return None
            elif match := mine.fullmatch(given):
                found.extend(match.groups())
            else:
                return None
        return dict(zip(self.places, found, strict=True))


class EndpointMatcher:
    """The endpoints of an integration by the paths of calls. May be shared by threads."""

    def __init__(self, integration: Integration) -> None:
        self._prefix = _prefix(integration.partner)
        self._templates = _by_length(_templates(integration))
        self._keys = _key_readers(integration.endpoints)
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._match)

    def match(self, method: str, url_path: str) -> str:
        """The name of the endpoint, or `OTHER`. An address is taken for its path.

        Templates do not tell methods apart yet: every method of a path is one endpoint.
        """
        path = url_path.partition("?")[0]
        return self._remembered(path) if len(path) <= _LONGEST_PATH else OTHER

    def record_key(self, endpoint: str, url_path: str, body: object = None) -> str | None:
        """The key of the record that a call wrote, as the sync would write it; else None.

        `body` is the request's parsed JSON.
        """
        where = self._keys.get(endpoint)
        if where is None:
            return None
        found = where.of(body) if isinstance(where, Path) else self._places(url_path).get(where)
        key = canonical_key(found)
        return key if key is not None and len(key) <= _LONGEST_KEY else None

    def _match(self, url_path: str) -> str:
        found = self._found(url_path)
        return found[0].endpoint if found else OTHER

    def _places(self, url_path: str) -> Mapping[str, str]:
        found = self._found(url_path)
        return found[1] if found else {}

    def _found(self, url_path: str) -> tuple[Template, Mapping[str, str]] | None:
        for steps in self._prefix.candidates(_steps(url_path)):
            for template in self._templates.get(len(steps), ()):
                values = template.values(steps)
                if values is not None:
                    return template, values
        return None


@dataclass(frozen=True)
class _Prefix:
    """The path of the base URL, which templates leave out."""

    steps: tuple[str | re.Pattern[str], ...] = ()
    is_known: bool = True
    """Not so where the base URL is a reference, or a credential: then any prefix may stand there,
    the shortest first."""

    def candidates(self, steps: Steps) -> Iterable[Steps]:
        """What may be the path below the base URL."""
        if not self.is_known:
            return (steps[start:] for start in range(len(steps) or 1))
        mine = Template("", self.steps, (), 0)
        begins = len(steps) >= len(self.steps) and mine.values(steps) is not None
        return (steps[len(self.steps) :],) if self.steps and begins else (steps,)


def _prefix(partner: Partner | None) -> _Prefix:
    base = partner.base_url if partner else ""
    if not isinstance(base, str) or base.startswith("{connection."):
        return _Prefix(is_known=False)
    path = urlsplit(base).path
    return _Prefix(tuple(_step(text, capture=False) for text in _split(path)))


def _templates(integration: Integration) -> Iterable[Template]:
    """Those of the endpoints themselves first: they win over the same path in a sync."""
    for endpoint in integration.endpoints.values():
        yield _template(endpoint.name, endpoint.path)
    for sync in integration.syncs.values():
        for at in (sync.source.at, sync.destination.at):
            if isinstance(at, RestSide) and at.endpoint:
                for request in (at.list, at.lookup):
                    if request is not None:
                        yield _template(at.endpoint, request.request.path)


def _by_length(templates: Iterable[Template]) -> Mapping[int, tuple[Template, ...]]:
    """Templates by their number of steps, the most literal ones first."""
    found: dict[int, list[Template]] = {}
    for template in templates:
        found.setdefault(len(template.steps), []).append(template)
    return {length: tuple(sorted(same, key=_rank)) for length, same in found.items()}


def _template(endpoint: str, path: str) -> Template:
    path = path.partition("?")[0].partition("#")[0]
    steps = tuple(_step(text) for text in _split(path))
    places = tuple(_PLACE.findall(path))
    return Template(endpoint, steps, places, len(_PLACE.sub("", path)))


def _rank(template: Template) -> tuple[int, int, tuple[bool, ...]]:
    patterns = tuple(not isinstance(step, str) for step in template.steps)
    return len(template.places), -template.literal, patterns


def _step(text: str, *, capture: bool = True) -> str | re.Pattern[str]:
    if not _PLACE.search(text):
        return unquote(text)
    place = "(.+)" if capture else ".+"
    literals = [re.escape(unquote(part)) for part in _PLACE.split(text)[::2]]
    return re.compile(place.join(literals), re.DOTALL)


def _steps(url_path: str) -> Steps:
    """The steps of a path or address, without its query."""
    if "://" in url_path[:10]:
        url_path = f"/{url_path.partition('://')[2].partition('/')[2]}"
    path = url_path.partition("?")[0].partition("#")[0]
    if "%" not in path:
        return tuple(_split(path))
    return tuple(unquote(step) for step in _split(path))


def _split(path: str) -> list[str]:
    return [step for step in path.split("/") if step]


def _key_readers(endpoints: Mapping[str, Endpoint]) -> Mapping[str, Path | str]:
    """By endpoint, the placeholder or the path into the body that has the record's key."""
    found: dict[str, Path | str] = {}
    for endpoint in endpoints.values():
        if endpoint.record_key:
            place = _PLACE.fullmatch(endpoint.record_key)
            found[endpoint.name] = place[1] if place else Path(endpoint.record_key)
    return found
