"""Requests written as templates.

The placeholders: `{since} {until} {cursor} {page} {offset} {size} {keys} {key} {connection.NAME}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from integration_monitor.manifest.domain import RequestTemplate, TimeFormat
from integration_monitor.observe.canonical import EPOCH
from integration_monitor.observe.side import ReadError

_PLACE = re.compile(r"\{(since|until|cursor|page|offset|size|keys|key|connection\.[A-Za-z0-9_]+)\}")
_KEPT = ("{cursor}", "{page}", "{offset}", "{size}")
"""Alone in a string of a body, they keep the type of their values."""
_ABSENT = object()

GRANULARITY: Mapping[TimeFormat, timedelta] = {
    "iso8601": timedelta(milliseconds=1),
    "epoch_s": timedelta(seconds=1),
    "epoch_ms": timedelta(milliseconds=1),
    "date": timedelta(days=1),
}
"""The precision that a format's times may have."""

WRITTEN: Mapping[TimeFormat, timedelta] = {**GRANULARITY, "iso8601": timedelta(seconds=1)}
"""The precision of bounds: ISO 8601 in whole seconds, because not every partner reads more.

Bounds are rounded outwards, so nothing in between is lost.
"""


@dataclass(frozen=True)
class Values:
    """What the placeholders stand for; None where a value is not known yet."""

    since: str | None = None
    until: str | None = None
    cursor: object | None = None
    page: int | None = None
    offset: int | None = None
    size: int | None = None
    keys: tuple[str, ...] = ()
    connection: Mapping[str, str] = field(default_factory=dict, repr=False)

    def get(self, name: str) -> object | None:
        """The value of a placeholder. Raises `ReadError` for a credential that is not there."""
        if name == "key":
            return self.keys[0] if len(self.keys) == 1 else None
        if not name.startswith("connection."):
            found: object | None = getattr(self, name)
            return found
        credential = name.removeprefix("connection.")
        if credential not in self.connection:
            raise ReadError("config", f"the connection has no `{credential}`")
        return self.connection[credential]


@dataclass(frozen=True)
class Rendered:
    """A request, ready to be sent but for its host. `template` is its path for messages."""

    method: str
    template: str
    path: str = field(repr=False)
    query: Mapping[str, object] = field(default_factory=dict, repr=False)
    body: object | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def render(template: RequestTemplate, values: Values) -> Rendered:
    """Fill a template in. Raises `ReadError` of kind `config` where a value is not there.

    - A body's string that is exactly `"{keys}"` becomes the list of keys; `{cursor}`, `{page}`,
      `{offset}` and `{size}` keep their type likewise; `{since}` and `{until}` are strings.
    - A list whose only element mentions `{key}` has that element once for each key.
    - Elsewhere, and in query, path and headers, keys are joined by commas.
    - What mentions a `{cursor}` that is not known yet is left out.
    """
    query = _fill_mapping(template.query, values, fill_text)
    headers = _fill_mapping(template.headers, values, fill_text)
    body = _fill(template.body, values, _fill_exact)
    return Rendered(
        method=template.method.upper(),
        template=template.path,
        path=_fill_path(template.path, values),
        query={name: value for name, value in query.items() if value is not None},
        body=None if body is _ABSENT else body,
        headers={name: str(value) for name, value in headers.items()},
    )


def fill_text(text: str, values: Values) -> str:
    """A single string, such as a token, filled in."""
    return _PLACE.sub(lambda place: _written(values, place[1]), text)


def mentions(part: object, name: str) -> bool:
    """Whether a part of a template has this placeholder."""
    if isinstance(part, str):
        return f"{{{name}}}" in part
    if isinstance(part, Mapping):
        return any(mentions(inner, name) for inner in part.values())
    if isinstance(part, Sequence):
        return any(mentions(inner, name) for inner in part)
    return False


def template_mentions(template: RequestTemplate, name: str) -> bool:
    """Whether any part of the request has this placeholder."""
    parts = (template.path, template.query, template.body, template.headers)
    return any(mentions(part, name) for part in parts)


def write_time(at: datetime, time_format: TimeFormat, *, up: bool = False) -> str:
    """A bound as the partner reads it, rounded down, or up, to what is `WRITTEN`."""
    unit = WRITTEN[time_format]
    steps = (at - EPOCH) // unit
    if up and EPOCH + steps * unit < at:
        steps += 1
    if time_format in ("epoch_s", "epoch_ms"):
        return str(steps)
    rounded = EPOCH + steps * unit
    if time_format == "date":
        return rounded.date().isoformat()
    return rounded.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


Fill = Callable[[str, Values], object]


def _fill(part: object, values: Values, fill: Fill) -> object:
    if isinstance(part, str):
        unknown = values.cursor is None and mentions(part, "cursor")
        return _ABSENT if unknown else fill(part, values)
    if isinstance(part, Mapping):
        return _fill_mapping(part, values, fill)
    if isinstance(part, Sequence):
        return _fill_list(part, values, fill)
    return part


def _fill_mapping(parts: Mapping[str, object], values: Values, fill: Fill) -> dict[str, object]:
    filled = {name: _fill(part, values, fill) for name, part in parts.items()}
    return {name: value for name, value in filled.items() if value is not _ABSENT}


def _fill_list(parts: Sequence[object], values: Values, fill: Fill) -> list[object]:
    if len(parts) == 1 and mentions(parts[0], "key"):
        each = [replace(values, keys=(key,)) for key in values.keys]
        return [_fill(parts[0], one, fill) for one in each]
    filled = [_fill(part, values, fill) for part in parts]
    return [value for value in filled if value is not _ABSENT]


def _fill_exact(text: str, values: Values) -> object:
    if text == "{keys}":
        return list(values.keys)
    if text in _KEPT and values.get(text[1:-1]) is not None:
        return values.get(text[1:-1])
    return fill_text(text, values)


def _fill_path(path: str, values: Values) -> str:
    return _PLACE.sub(lambda place: quote(_written(values, place[1]), safe=","), path)


def _written(values: Values, name: str) -> str:
    value = values.get(name)
    if name == "keys":
        return ",".join(values.keys)
    if value is None:
        raise ReadError("config", f"the request mentions {{{name}}}, which is not known here")
    return str(value)
