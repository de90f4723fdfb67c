"""The scalars of a manifest as pydantic types: each reads a YAML value into its domain value."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from integration_monitor.manifest.addresses import (
    ADDRESS_TEMPLATE,
    PATH,
    read_base_url,
    read_token_url,
)
from integration_monitor.manifest.cadence import parse_cron, parse_every
from integration_monitor.manifest.domain import Cadence, Reference
from integration_monitor.manifest.quantities import (
    parse_duration,
    parse_minutes,
    parse_positive_duration,
    parse_ratio,
)
from integration_monitor.manifest.rate_limit_presets import PRESETS
from integration_monitor.manifest.scalars import (
    CHANNEL,
    CONNECTION_TOKEN,
    ENV,
    HEADER,
    NAME,
    read_address,
    read_date,
    read_event_id,
    read_key_prefix,
    read_objective,
    read_reference,
    read_references,
    read_sample,
    read_signature,
    read_text_or_reference,
    read_token,
    text_like,
)

JsonSchema = dict[str, Any]


class Wire(BaseModel):
    """A mapping as a user writes it: no unknown keys, no coercion, nothing repeated in errors."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
        # A whole manifest validates all its parts: they need no validators of their own.
        defer_build=True,
    )


def _words(example: str) -> JsonSchema:
    return {"type": "string", "examples": [example]}


REFERENCE_SCHEMA: JsonSchema = {
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
ADDRESS_SCHEMA: JsonSchema = {"type": "string", "pattern": r"^https?://[^@\s]+$"}
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
    PlainValidator(text_like(NAME, "is not a name: use a-z, 0-9 and _, beginning with a letter")),
    WithJsonSchema({"type": "string", "pattern": NAME}),
]
ChannelName = Annotated[
    str,
    PlainValidator(
        text_like(CHANNEL, "is not a channel name: use a-z, 0-9, _ and -, beginning with a letter")
    ),
    WithJsonSchema({"type": "string", "pattern": CHANNEL}),
]
Text = Annotated[str, Field(min_length=1)]
Email = Annotated[
    str,
    PlainValidator(text_like(r"^[^@\s]+@[^@\s]+$", "is not an e-mail address")),
    WithJsonSchema(_words("owner@example.com")),
]
RequestPath = Annotated[
    str,
    PlainValidator(text_like(r"^/\S*$", "is not a path: begin with /, without spaces")),
    WithJsonSchema({"type": "string", "pattern": r"^/\S*$"}),
]
ProbeRequest = Annotated[
    str,
    PlainValidator(
        text_like(r"^(GET|HEAD|POST) /\S*$", "is not a request: write a method and a path, GET /me")
    ),
    WithJsonSchema({"type": "string", "pattern": r"^(GET|HEAD|POST) /\S*$"}),
]
WebAddress = Annotated[str, PlainValidator(read_address), WithJsonSchema(ADDRESS_SCHEMA)]
BaseAddress = Annotated[
    str | Reference,
    PlainValidator(read_base_url),
    _any_of(ADDRESS_SCHEMA, {"type": "string", "pattern": ADDRESS_TEMPLATE}, REFERENCE_SCHEMA),
]
TokenAddress = Annotated[
    str | Reference,
    PlainValidator(read_token_url),
    _any_of(
        ADDRESS_SCHEMA,
        {"type": "string", "pattern": ADDRESS_TEMPLATE},
        {"type": "string", "pattern": PATH},
        REFERENCE_SCHEMA,
    ),
]
HeaderName = Annotated[
    str,
    PlainValidator(text_like(HEADER, "is not the name of a header, such as X-API-Key")),
    WithJsonSchema({"type": "string", "pattern": HEADER}),
]
KeyPrefix = Annotated[str, PlainValidator(read_key_prefix), WithJsonSchema(_words("Token "))]
Secret = Annotated[Reference, PlainValidator(read_reference), WithJsonSchema(REFERENCE_SCHEMA)]
Secrets = Annotated[
    tuple[Reference, ...],
    PlainValidator(read_references),
    _any_of(REFERENCE_SCHEMA, {"type": "array", "items": REFERENCE_SCHEMA, "minItems": 1}),
]
Token = Annotated[
    str | Reference,
    PlainValidator(read_token),
    _any_of(REFERENCE_SCHEMA, {"type": "string", "pattern": f"^{CONNECTION_TOKEN.pattern}$"}),
]
TextOrReference = Annotated[
    str | Reference,
    PlainValidator(read_text_or_reference),
    _any_of({"type": "string"}, REFERENCE_SCHEMA),
]
Duration = Annotated[timedelta, PlainValidator(parse_duration), WithJsonSchema(_DURATION_SCHEMA)]
PositiveDuration = Annotated[
    timedelta, PlainValidator(parse_positive_duration), WithJsonSchema(_DURATION_SCHEMA)
]
Minutes = Annotated[timedelta, PlainValidator(parse_minutes), WithJsonSchema(_DURATION_SCHEMA)]
Ratio = Annotated[float, PlainValidator(parse_ratio), WithJsonSchema(_RATIO_SCHEMA)]
Objective = Annotated[float, PlainValidator(read_objective), WithJsonSchema(_RATIO_SCHEMA)]
Every = Annotated[Cadence, PlainValidator(parse_every), WithJsonSchema(_words("15m"))]
Cron = Annotated[Cadence, PlainValidator(parse_cron), WithJsonSchema(_words("*/15 8-18 * * *"))]
Preset = Annotated[str, WithJsonSchema({"enum": list(PRESETS)})]
Day = Annotated[
    date, PlainValidator(read_date), WithJsonSchema({"type": "string", "format": "date"})
]
Sample = Annotated[
    int | Literal["full"],
    PlainValidator(read_sample),
    _any_of({"type": "integer", "minimum": 1}, {"const": "full"}),
]
EventId = Annotated[
    tuple[str, ...],
    PlainValidator(read_event_id),
    _any_of({"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}),
]
Signature = Annotated[
    str | dict[str, Any],
    PlainValidator(read_signature),
    _any_of({"type": "string"}, {"type": "object"}),
]
