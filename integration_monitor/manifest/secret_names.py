"""Names under which a secret would stand: headers, parameters and fields. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

_SECRET_NAME = re.compile(
    r"(.*[-_])?(authorization|cookie|auth|hapikey|(api|access|auth|private|secret)[-_]?key"
    r"|(access|auth|bearer|refresh)[-_]?token|token|(client|shared|signing)[-_]?secret|secret"
    r"|password|passwd|credentials?)",
    re.IGNORECASE,
)


def is_secret_name(name: object) -> bool:
    """Whether a value under this name is likely a secret: `Authorization`, `x-api-key`, `token`."""
    return isinstance(name, str) and bool(_SECRET_NAME.fullmatch(name))


def secret_parameters(address: str) -> list[tuple[str, str]]:
    """The parameters of an address or path that are named like a secret, with their values."""
    query = address.partition("?")[2].partition("#")[0]
    return [pair for pair in parse_qsl(query) if is_secret_name(pair[0])]
