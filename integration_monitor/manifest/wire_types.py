"""The scalars of a manifest as pydantic types: each reads a YAML value into its domain value.

No message ever repeats a value that stands where a secret belongs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from integration_monitor.manifest.cadence import parse_cron, parse_every
from integration_monitor.manifest.domain import Cadence, Reference
from integration_monitor.manifest.quantities import (
    parse_duration,
    parse_positive_duration,
    parse_ratio,
    quoted,
)

NAME = r"^[a-z][a-z0-9_]*$"
CHANNEL = r"^[a-z][a-z0-9_-]*$"
ENV = r"^[A-Z_][A-Z0-9_]*$"
HOW_TO_REFER = "write a reference to an environment variable: {env: NAME}"

_CONNECTION_TOKEN = re.compile(r"\{connection\.[A-Za-z_][A-Za-z0-9_]*\}")

JsonSchema = dict[str, Any]


class Wire(BaseModel):
    """A mapping as a user writes it: no unknown keys, no coercion, nothing repeated in errors."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )


def _text(pattern: str, explained: str) -> Callable[[Any], str]:
    compiled = re.compile(pattern)

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("must be text; put the value in quotes")
        if not compiled.fullmatch(value):
            raise ValueError(f"{quoted(value)} {explained}")
        return value

    return check


def read_reference(value: Any) -> Reference:
    """`{env: NAME}`. Raises `ValueError`, which never repeats what was written instead."""
    if not isinstance(value, dict):
        raise ValueError(f"a secret must not stand in a manifest: {HOW_TO_REFER}")
    name = value.get("env")
    if set(value) != {"env"} or not isinstance(name, str):
        raise ValueError(f"this is not a reference: {HOW_TO_REFER}")
    if not re.fullmatch(ENV, name):
        raise ValueError(
            "`env` takes the name of an environment variable, in capitals, such as HUBSPOT_TOKEN"
        )
    return Reference(name)


def _token(value: Any) -> str | Reference:
    if isinstance(value, str) and _CONNECTION_TOKEN.fullmatch(value):
        return value
    if isinstance(value, str):
        raise ValueError(
            f'a secret must not stand in a manifest: {HOW_TO_REFER}, or "{{connection.NAME}}"'
        )
    return read_reference(value)


def _web_address(value: Any) -> str:
    example = "such as https://api.example.com"
    if not isinstance(value, str):
        raise ValueError(f"must be an http or https address, {example}")
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", value):
        raise ValueError(f"must be an http or https address, {example}")
    if parts.username or parts.password:
        raise ValueError("an address in a manifest must not hold a user or a password")
    return value


def _web_address_or_reference(value: Any) -> str | Reference:
    return read_reference(value) if isinstance(value, dict) else _web_address(value)


def _text_or_reference(value: Any) -> str | Reference:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise ValueError("must be text, in quotes, or a reference: {env: NAME}")
    return read_reference(value)


def _references(value: Any) -> tuple[Reference, ...]:
    if isinstance(value, list):
        if not value:
            raise ValueError(f"the list is empty: {HOW_TO_REFER}")
        return tuple(read_reference(item) for item in value)
    return (read_reference(value),)


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(value if re.match(r"^\d{4}-\d\d-\d\d$", value) else "")
    except (TypeError, ValueError):
        raise ValueError(f"{quoted(value)} is not a date: write 2026-11-01") from None


def _sample(value: Any) -> int | Literal["full"]:
    if value == "full":
        return "full"
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{quoted(value)} is not a sample: write a number of records, or full")
    return value


def _objective(value: Any) -> float:
    ratio = parse_ratio(value)
    if not 0 < ratio < 1:
        raise ValueError("must be more than 0% and less than 100%")
    return ratio


def _event_id(value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise ValueError("must be the path of a field, or a list of them")
    return tuple(names)


def _signature(value: Any) -> str | dict[str, Any]:
    if not isinstance(value, str | dict) or not value:
        raise ValueError("must be the name of a signature scheme, or a scheme as a mapping")
    return value


def _words(example: str) -> JsonSchema:
    return {"type": "string", "examples": [example]}


_REFERENCE_SCHEMA: JsonSchema = {
    "type": "object",
    "properties": {
        "env": {
            "type": "string",
            "pattern": ENV,
            "description": "The name of the environment variable that holds the value.",
        }
    },
    "required": ["env"],
    "additionalProperties": False,
}
_ADDRESS_SCHEMA: JsonSchema = {"type": "string", "pattern": r"^https?://[^@\s]+$"}
_DURATION_SCHEMA: JsonSchema = {
    "type": "string",
    "pattern": r"^[0-9]+(\.[0-9]+)?(ms|[smhdwy])$",
    "examples": ["800ms", "30s", "15m", "30d"],
}
_RATIO_SCHEMA: JsonSchema = {
    "anyOf": [
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?%$", "examples": ["0.1%"]},
        {"type": "number", "minimum": 0, "maximum": 1},
    ]
}


def _any_of(*schemas: JsonSchema) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": list(schemas)})


Name = Annotated[
    str,
    PlainValidator(_text(NAME, "is not a name: use a-z, 0-9 and _, beginning with a letter")),
    WithJsonSchema({"type": "string", "pattern": NAME}),
]
ChannelName = Annotated[
    str,
    PlainValidator(
        _text(CHANNEL, "is not a channel name: use a-z, 0-9, _ and -, beginning with a letter")
    ),
    WithJsonSchema({"type": "string", "pattern": CHANNEL}),
]
Text = Annotated[str, Field(min_length=1)]
Email = Annotated[
    str,
    PlainValidator(_text(r"^[^@\s]+@[^@\s]+$", "is not an e-mail address")),
    WithJsonSchema(_words("owner@example.com")),
]
RequestPath = Annotated[
    str,
    PlainValidator(_text(r"^/\S*$", "is not a path: begin with /, without spaces")),
    WithJsonSchema({"type": "string", "pattern": r"^/\S*$"}),
]
ProbeRequest = Annotated[
    str,
    PlainValidator(
        _text(r"^(GET|HEAD|POST) /\S*$", "is not a request: write a method and a path, GET /me")
    ),
    WithJsonSchema({"type": "string", "pattern": r"^(GET|HEAD|POST) /\S*$"}),
]
WebAddress = Annotated[str, PlainValidator(_web_address), WithJsonSchema(_ADDRESS_SCHEMA)]
WebAddressOrReference = Annotated[
    str | Reference,
    PlainValidator(_web_address_or_reference),
    _any_of(_ADDRESS_SCHEMA, _REFERENCE_SCHEMA),
]
Secret = Annotated[Reference, PlainValidator(read_reference), WithJsonSchema(_REFERENCE_SCHEMA)]
Secrets = Annotated[
    tuple[Reference, ...],
    PlainValidator(_references),
    _any_of(_REFERENCE_SCHEMA, {"type": "array", "items": _REFERENCE_SCHEMA, "minItems": 1}),
]
Token = Annotated[
    str | Reference,
    PlainValidator(_token),
    _any_of(_REFERENCE_SCHEMA, {"type": "string", "pattern": f"^{_CONNECTION_TOKEN.pattern}$"}),
]
TextOrReference = Annotated[
    str | Reference,
    PlainValidator(_text_or_reference),
    _any_of({"type": "string"}, _REFERENCE_SCHEMA),
]
Duration = Annotated[timedelta, PlainValidator(parse_duration), WithJsonSchema(_DURATION_SCHEMA)]
PositiveDuration = Annotated[
    timedelta, PlainValidator(parse_positive_duration), WithJsonSchema(_DURATION_SCHEMA)
]
Ratio = Annotated[float, PlainValidator(parse_ratio), WithJsonSchema(_RATIO_SCHEMA)]
Objective = Annotated[float, PlainValidator(_objective), WithJsonSchema(_RATIO_SCHEMA)]
Every = Annotated[Cadence, PlainValidator(parse_every), WithJsonSchema(_words("15m"))]
Cron = Annotated[Cadence, PlainValidator(parse_cron), WithJsonSchema(_words("*/15 8-18 * * *"))]
Day = Annotated[date, PlainValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
Sample = Annotated[
    int | Literal["full"],
    PlainValidator(_sample),
    _any_of({"type": "integer", "minimum": 1}, {"const": "full"}),
]
EventId = Annotated[
    tuple[str, ...],
    PlainValidator(_event_id),
    _any_of({"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}),
]
Signature = Annotated[
    str | dict[str, Any],
    PlainValidator(_signature),
    _any_of({"type": "string"}, {"type": "object"}),
]
