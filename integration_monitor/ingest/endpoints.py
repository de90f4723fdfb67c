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
from integration_monitor.observe.json_path import Path
from integration_monitor.store.call_batch import OTHER

_REMEMBERED = 4096
"""Paths whose endpoint is remembered; paths hold ids, there is no end of them."""
_LONGEST_PATH = 2048
_LONGEST_KEY = 200
_PLACE = re.compile(r"\{([^{}]+)\}")

Steps = tuple[str, ...]


@dataclass(frozen=True)
class Template:
    """A path with placeholders, by its steps."""

    endpoint: str
    texts: tuple[tuple[int, str], ...]
    """The steps without a placeholder, and where they stand."""
    patterns: tuple[tuple[int, re.Pattern[str]], ...]
    """The steps with one, or several."""
    places: tuple[str, ...]
    literal: int
    """Characters outside of placeholders."""

    @classmethod
    def of(cls, endpoint: str, path: str) -> Template:
        """The template of a path as it is written in a manifest."""
        steps = _split(path.partition("?")[0].partition("#")[0])
        texts = [(at, unquote(step)) for at, step in enumerate(steps) if not _PLACE.search(step)]
        patterns = [(at, _pattern(step)) for at, step in enumerate(steps) if _PLACE.search(step)]
        places = tuple(_PLACE.findall("/".join(steps)))
        literal = len(_PLACE.sub("", "/".join(steps)))
        return cls(endpoint, tuple(texts), tuple(patterns), places, literal)

    @property
    def length(self) -> int:
        """Steps."""
        return len(self.texts) + len(self.patterns)

    def values(self, steps: Steps) -> tuple[str, ...] | None:
        """The values of `places` in a path that has at least as many steps; None in another."""
        for at, text in self.texts:
            if steps[at] != text:
                return None
        found: list[str] = []
        for at, pattern in self.patterns:
            match = pattern.fullmatch(steps[at])
            if match is None:
                return None
            found.extend(match.groups())
        return tuple(found)


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
        for steps in self._prefix.below(_steps(url_path)):
            for template in self._templates.get(len(steps), ()):
                values = template.values(steps)
                if values is not None:
                    return template, dict(zip(template.places, values, strict=True))
        return None


@dataclass(frozen=True)
class _Prefix:
    """The path of the base URL, which templates leave out."""

    template: Template | None
    """None where the base URL is a reference, or a credential: then any prefix may stand there."""

    def below(self, steps: Steps) -> Iterable[Steps]:
        """What may be the path below the base URL, the longest first."""
        if self.template is None:
            return (steps[start:] for start in range(len(steps) or 1))
        length = self.template.length
        if length and len(steps) >= length and self.template.values(steps) is not None:
            return (steps[length:],)
        return (steps,)


def _prefix(partner: Partner | None) -> _Prefix:
    base = partner.base_url if partner else ""
    if not isinstance(base, str) or base.startswith("{connection."):
        return _Prefix(None)
    return _Prefix(Template.of("", urlsplit(base).path))


def _templates(integration: Integration) -> Iterable[Template]:
    """Those of the endpoints themselves first: they win over the same path in a sync."""
    for endpoint in integration.endpoints.values():
        yield Template.of(endpoint.name, endpoint.path)
    for sync in integration.syncs.values():
        for at in (sync.source.at, sync.destination.at):
            if isinstance(at, RestSide) and at.endpoint:
                for request in (at.list, at.lookup):
                    if request is not None:
                        yield Template.of(at.endpoint, request.request.path)


def _by_length(templates: Iterable[Template]) -> Mapping[int, tuple[Template, ...]]:
    """Templates by their number of steps, the most literal ones first."""
    found: dict[int, list[Template]] = {}
    for template in templates:
        found.setdefault(template.length, []).append(template)
    return {length: tuple(sorted(same, key=_rank)) for length, same in found.items()}


def _rank(template: Template) -> tuple[int, int, tuple[int, ...]]:
    """At equal shares the template wins whose first placeholder comes later."""
    places = tuple(-at for at, _ in template.patterns)
    return len(template.places), -template.literal, places


def _pattern(step: str) -> re.Pattern[str]:
    literals = [re.escape(unquote(part)) for part in _PLACE.split(step)[::2]]
    return re.compile("(.+)".join(literals), re.DOTALL)


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
