"""The scalars of webhooks as pydantic types: each reads a YAML value into its domain value."""

from __future__ import annotations

import zoneinfo
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from integration_monitor.manifest.domain import Reference
from integration_monitor.manifest.problems import nearest
from integration_monitor.manifest.quantities import quoted
from integration_monitor.manifest.scalars import read_address, read_reference, text_like
from integration_monitor.manifest.wire_types import ADDRESS_SCHEMA, REFERENCE_SCHEMA

_TYPE = r"^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$"
_TABLE = r"^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$"
"""Names that PostgreSQL does not cut off."""
_REQUEST = r"^(GET|POST) /\S*$"


def read_timezone(value: Any) -> str:
    """The IANA name of a time zone. Raises `ValueError`."""
    if isinstance(value, str) and value:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            close = nearest(value, zoneinfo.available_timezones())
            raise ValueError(f"no time zone is called {quoted(value)}{close}") from None
        return value
    raise ValueError("must be the name of a time zone, such as Europe/Berlin")


def read_country(value: Any) -> str:
    """A country whose public holidays are known, `DE`, or a part of one, `DE-BY`."""
    import holidays

    if not isinstance(value, str):
        raise ValueError('must be the code of a country, in quotes: "DE", or "DE-BY"')
    country, _, part = value.partition("-")
    parts = holidays.list_supported_countries(include_aliases=False).get(country)
    if parts is None:
        raise ValueError(
            f"no holidays are known of {quoted(value)}: write a country as ISO 3166 does, such as "
            "DE or US, or a part of one, such as DE-BY"
        )
    if "-" in value and part not in parts:
        known = f"there are: {', '.join(parts)}" if parts else "the country alone is known"
        raise ValueError(f"no holidays are known of a part {quoted(part)} of {country}; {known}")
    return value


def read_sink_address(value: Any) -> str | Reference:
    """An address without a secret in it, or a reference."""
    return read_reference(value) if isinstance(value, dict) else read_address(value)


UnifiedType = Annotated[
    str,
    PlainValidator(text_like(_TYPE, "is not a type of event, such as crm.contact.updated")),
    WithJsonSchema({"type": "string", "pattern": _TYPE, "examples": ["crm.contact.updated"]}),
]
SinkAddress = Annotated[
    str | Reference,
    PlainValidator(read_sink_address),
    WithJsonSchema({"anyOf": [ADDRESS_SCHEMA, REFERENCE_SCHEMA]}),
]
Table = Annotated[
    str,
    PlainValidator(text_like(_TABLE, "is not a table: write its name, or schema.table")),
    WithJsonSchema({"type": "string", "pattern": _TABLE, "examples": ["crm.events"]}),
]
Timezone = Annotated[
    str,
    PlainValidator(read_timezone),
    WithJsonSchema({"type": "string", "examples": ["Europe/Berlin"]}),
]
Country = Annotated[
    str,
    PlainValidator(read_country),
    WithJsonSchema(
        {"type": "string", "pattern": "^[A-Z]{2}(-[A-Za-z0-9]+)?$", "examples": ["DE", "DE-BY"]}
    ),
]
SubscriptionRequest = Annotated[
    str,
    PlainValidator(
        text_like(_REQUEST, "is not a request: write a method and a path, GET /webhooks/1")
    ),
    WithJsonSchema({"type": "string", "pattern": _REQUEST}),
]
