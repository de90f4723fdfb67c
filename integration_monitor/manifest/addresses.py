"""Addresses in a manifest: as they are, by reference, or as templates over `{connection.NAME}`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from integration_monitor.manifest.domain import Reference
from integration_monitor.manifest.scalars import CONNECTION_TOKEN, read_address, read_reference

ADDRESS_TEMPLATE = r"^(https?://|\{connection\.)[^@\s]+$"
"""What the shape of a template alone says, for editors."""
PATH = r"^/\S*$"
_BRACES = re.compile(r"[{}]")
_HOW = (
    'write {connection.NAME}, such as "https://{connection.shop}.example.com" '
    'or "{connection.instance_url}"'
)


def read_base_url(value: Any) -> str | Reference:
    """An address, a reference to one, or a template of one."""
    if isinstance(value, dict):
        return read_reference(value)
    if isinstance(value, str) and _BRACES.search(value):
        return _template(value)
    return read_address(value)


def read_token_url(value: Any) -> str | Reference:
    """As a base URL, or a path relative to it."""
    if isinstance(value, str) and re.fullmatch(PATH, value) and not value.startswith("//"):
        read_base_url(f"https://host{value}")
        return value
    return read_base_url(value)


def _template(value: str) -> str:
    """A template that stands for an http(s) address whatever its credentials are."""
    whole = CONNECTION_TOKEN.match(value)
    rest = f"https://host{value[whole.end() :]}" if whole else value
    # A figure may stand for a name, a port and a step of a path.
    filled = CONNECTION_TOKEN.sub("1", rest)
    if _BRACES.search(filled):
        raise ValueError(f"has a placeholder that is not known here: {_HOW}")
    if whole and not re.match(r"^(/.*)?$", value[whole.end() :]):
        raise ValueError("after a credential that is the whole address, only a path may follow")
    read_address(filled)
    if urlsplit(filled).query or urlsplit(filled).fragment:
        raise ValueError("an address that is a template must not have a query or a fragment")
    return value
