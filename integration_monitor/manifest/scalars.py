"""YAML values → domain values, one function a kind. Pure; every error is a `ValueError`.

No message ever repeats a value that stands where a secret belongs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Literal
from urllib.parse import urlsplit

from integration_monitor.manifest.domain import Reference
from integration_monitor.manifest.quantities import parse_ratio, quoted
from integration_monitor.manifest.secret_names import secret_parameters

NAME = r"^[a-z][a-z0-9_]*$"
CHANNEL = r"^[a-z][a-z0-9_-]*$"
HEADER = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
"""A field name of RFC 9110 §5.1."""
ENV = r"^[A-Z_][A-Z0-9_]*$"
HOW_TO_REFER = "write a reference to an environment variable: {env: NAME}"

CONNECTION_TOKEN = re.compile(r"\{connection\.[A-Za-z_][A-Za-z0-9_]*\}")


def text_like(pattern: str, explained: str) -> Callable[[Any], str]:
    """A reader of texts that match a pattern; `explained` completes "`value` …"."""
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


def read_token(value: Any) -> str | Reference:
    """A reference, or exactly `{connection.NAME}`."""
    if isinstance(value, str) and CONNECTION_TOKEN.fullmatch(value):
        return value
    if isinstance(value, str):
        raise ValueError(
            f'a secret must not stand in a manifest: {HOW_TO_REFER}, or "{{connection.NAME}}"'
        )
    return read_reference(value)


def read_address(value: Any) -> str:
    """An http or https address that holds no user, password or secret parameter."""
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
    if secret_parameters(value):
        raise ValueError("an address in a manifest must not hold a secret")
    return value


def read_text_or_reference(value: Any) -> str | Reference:
    """A text that is no secret, or a reference."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise ValueError("must be text, in quotes, or a reference: {env: NAME}")
    return read_reference(value)


def read_key_prefix(value: Any) -> str:
    """The word before a key and its separator, such as `Token `; too little to be a key."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_ -]{1,30}[ =:_/-]", value):
        raise ValueError(
            'must be the word that stands before the key, with its separator: "Token "; '
            f"the key itself is the `value`: {HOW_TO_REFER}"
        )
    return value


def read_references(value: Any) -> tuple[Reference, ...]:
    """One reference, or a list of them."""
    if isinstance(value, list):
        if not value:
            raise ValueError(f"the list is empty: {HOW_TO_REFER}")
        return tuple(read_reference(item) for item in value)
    return (read_reference(value),)


def read_date(value: Any) -> date:
    """A day, `2026-11-01`: YAML dates stay text until here."""
    try:
        return date.fromisoformat(value if re.match(r"^\d{4}-\d\d-\d\d$", value) else "")
    except (TypeError, ValueError):
        raise ValueError(f"{quoted(value)} is not a date: write 2026-11-01") from None


def read_sample(value: Any) -> int | Literal["full"]:
    """A number of records, or `full`."""
    if value == "full":
        return "full"
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{quoted(value)} is not a sample: write a number of records, or full")
    return value


def read_objective(value: Any) -> float:
    """A ratio between 0 and 1, both excluded: 100 % leaves no error budget."""
    ratio = parse_ratio(value)
    if not 0 < ratio < 1:
        raise ValueError("must be more than 0% and less than 100%")
    return ratio


def read_event_id(value: Any) -> tuple[str, ...]:
    """One path, or a list of them."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise ValueError("must be the path of a field, or a list of them")
    return tuple(names)


def read_signature(value: Any) -> str | dict[str, Any]:
    """The name of a scheme, or the scheme itself."""
    if not isinstance(value, str | dict) or not value:
        raise ValueError("must be the name of a signature scheme, or a scheme as a mapping")
    return value
