"""Checks of `webhooks:` that need more than one key, and of its paths. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from integration_monitor.manifest.jmespath_checks import check_jmespath
from integration_monitor.manifest.problems import Problem, items, mapping
from integration_monitor.manifest.quantities import parse_duration
from integration_monitor.manifest.scalars import HEADER as HEADER_NAME
from integration_monitor.manifest.side_checks import one_of
from integration_monitor.manifest.signature_schemes import check_signature
from integration_monitor.manifest.template_checks import (
    Credentials,
    check_credential,
    check_no_secret,
)
from integration_monitor.manifest.webhooks import HEADER, LagRules
from integration_monitor.manifest.yaml_document import Path

_AT: Path = ("webhooks",)
_OF_EVENT = ("type", "occurred_at", "tenant", "object", "ordered_by")
_PLACE = re.compile(r"\{([^{}]*)\}")


def check_webhooks(value: Mapping[str, Any], credentials: Credentials) -> Iterator[Problem]:
    """All mistakes between the keys of a manifest's `webhooks`."""
    webhooks = mapping(value.get("webhooks"))
    yield from check_signature(webhooks, _AT)
    if isinstance(webhooks.get("signature"), dict):
        yield from check_no_secret(webhooks["signature"], (*_AT, "signature"))
    yield from _check_paths(webhooks)
    yield from _check_event_id(webhooks)
    yield from _check_handshake(webhooks)
    yield from _check_data(webhooks)
    for name, sink in mapping(webhooks.get("sinks")).items():
        if isinstance(sink, dict):
            yield from one_of(sink, (*_AT, "sinks", name), "http", "sql")
    yield from _check_lag(mapping(webhooks.get("lag")))
    yield from _check_subscription(value, mapping(webhooks.get("subscription")), credentials)


def _check_paths(webhooks: Mapping[str, Any]) -> Iterator[Problem]:
    if webhooks.get("each") != "$":
        yield from _check_path(webhooks.get("each"), (*_AT, "each"), "each")
    for name in _OF_EVENT:
        yield from _check_path_or_header(webhooks.get(name), (*_AT, name), name)


def _check_event_id(webhooks: Mapping[str, Any]) -> Iterator[Problem]:
    given = webhooks.get("event_id")
    at: Path = (*_AT, "event_id")
    paths = items(given) if isinstance(given, list) else [given]
    for index, path in enumerate(paths):
        here = (*at, index) if isinstance(given, list) else at
        yield from _check_path_or_header(path, here, "event_id")
    if webhooks.get("each") is not None and paths and all(map(_is_header, paths)):
        message = "`event_id`: a header is the same for all events of the list that `each` reads"
        yield Problem(at, message)


def _check_handshake(webhooks: Mapping[str, Any]) -> Iterator[Problem]:
    handshake = webhooks.get("handshake")
    if not isinstance(handshake, dict):
        return
    at: Path = (*_AT, "handshake")
    for name in ("when", "answer"):
        yield from _check_path(handshake.get(name), (*at, name), name)
    if ("when" in handshake) != ("answer" in handshake):
        absent = "answer" if "when" in handshake else "when"
        yield Problem((*at, absent), f"`{absent}` is missing: `when` and `answer` go together")
    else:
        yield from one_of(handshake, at, "query", "when")


def _check_data(webhooks: Mapping[str, Any]) -> Iterator[Problem]:
    places: list[tuple[Path, object]] = [((*_AT, "data"), webhooks.get("data"))]
    for name, rule in mapping(webhooks.get("events")).items():
        places.append(((*_AT, "events", name, "data"), mapping(rule).get("data")))
    for at, data in places:
        for field, path in mapping(data).items():
            yield from _check_path(path, (*at, field), field)


def _check_lag(lag: Mapping[str, Any]) -> Iterator[Problem]:
    """What has to last is within the window, also where only one of them is written."""
    default = LagRules()
    try:
        window = parse_duration(lag["window"]) if "window" in lag else default.window
        lasting = parse_duration(lag["for"]) if "for" in lag else default.lasting
    except ValueError:
        return
    if lasting > window:
        left_out = "" if {"window", "for"} <= lag.keys() else " (left out, they are 30m and 5m)"
        message = f"`for` must not be longer than `window`{left_out}"
        yield Problem((*_AT, "lag", "for" if "for" in lag else "window"), message)


def _check_subscription(
    value: Mapping[str, Any], subscription: Mapping[str, Any], credentials: Credentials
) -> Iterator[Problem]:
    at: Path = (*_AT, "subscription")
    yield from _check_path(subscription.get("enabled"), (*at, "enabled"), "enabled")
    if subscription and value.get("partner") is None:
        message = "`subscription` needs `partner: {base_url: …}` at the top of the manifest"
        yield Problem(at, message, of_key=True)
    request = subscription.get("request")
    for place in _PLACE.findall(request) if isinstance(request, str) else ():
        before, _, name = place.partition("connection.")
        if name and not before:
            yield from check_credential(name, (*at, "request"), credentials)
        else:
            message = f"unknown placeholder {{{place}}}; allowed: {{connection.NAME}}"
            yield Problem((*at, "request"), message)


def _check_path_or_header(value: object, path: Path, name: str) -> Iterator[Problem]:
    if not _is_header(value):
        yield from _check_path(value, path, name)
    elif not re.fullmatch(HEADER_NAME, str(value).removeprefix(HEADER)):
        yield Problem(path, f"`{name}`: after `{HEADER}` stands the name of a header")


def _is_header(value: object) -> bool:
    return isinstance(value, str) and value.startswith(HEADER)


def _check_path(value: object, path: Path, name: str) -> Iterator[Problem]:
    if isinstance(value, str) and value.startswith("$"):
        plain = value.lstrip("$").lstrip(".")
        leads = f"; write `{plain}`" if plain else ""
        yield Problem(path, f"`{name}`: paths are JMESPath, and begin without a $.{leads}")
    else:
        yield from check_jmespath(value, path, name)
