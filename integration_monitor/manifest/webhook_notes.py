"""What `validate` notes of webhooks: what is not watched, or less than somebody may think. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from integration_monitor.manifest.problems import items, mapping
from integration_monitor.manifest.yaml_document import Path

_AT: Path = ("webhooks",)


def webhook_notes(value: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Notes on a sound manifest, with the places of their keys."""
    webhooks = mapping(value.get("webhooks"))
    if not webhooks:
        return
    yield from _of_events(webhooks)
    yield from _of_sinks(webhooks)
    if not webhooks.get("occurred_at"):
        message = "without `occurred_at` it is unknown how late events come, and which is newer"
        yield _AT, f"`webhooks`: {message}"
    if not mapping(webhooks.get("volume")).get("heartbeat"):
        message = "the silence of a stream whose rhythm is not known yet is not told"
        yield _AT, f"`webhooks`: without `volume: {{heartbeat: …}}` {message}"


def _of_events(webhooks: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    if not webhooks.get("event_id"):
        message = "an event that comes again is known by its whole content alone"
        yield _AT, f"`webhooks`: without `event_id` {message}"
    for index, name in enumerate(items(webhooks.get("may_differ"))):
        first, *within = re.split(r"[.\[]", str(name).removeprefix("$."))
        if within or first != name:
            message = f"`{name}` is no path, but the name of a field at the top of an event"
            yield (*_AT, "may_differ", index), f"`may_differ`: {message}; write `{first}`"
    if webhooks.get("events") and not webhooks.get("sinks"):
        yield (*_AT, "events"), "`events`: without `sinks` nothing is handed on"


def _of_sinks(webhooks: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    sinks = mapping(webhooks.get("sinks"))
    if sinks and not webhooks.get("events"):
        yield (*_AT, "sinks"), "`sinks`: without `events` nothing is handed on"
    if sinks and not webhooks.get("object"):
        yield (*_AT, "sinks"), "`sinks`: without `object` an older event may overwrite a newer one"
    for name, sink in sinks.items():
        http = mapping(mapping(sink).get("http"))
        if http and not http.get("secret"):
            at: Path = (*_AT, "sinks", name, "http")
            yield at, "`http`: without `secret` what is posted there is not signed"
