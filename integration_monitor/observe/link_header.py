"""The `Link` header (RFC 8288)."""

from __future__ import annotations

import re

_VALUE = r'"(?:[^"\\]|\\.)*"|[^\s;,"]*'
_LINK = re.compile(rf'<([^<>]*)>\s*((?:;\s*[^\s=;,"]+(?:\s*=\s*(?:{_VALUE}))?\s*)*)')
_PARAMETER = re.compile(rf';\s*([^\s=;,"]+)(?:\s*=\s*({_VALUE}))?')


def link_target(header: str, relation: str) -> str | None:
    """The target of the first link with this relation, as it is written; None for no such link.

    `rel` may name several relations, in any case; a second `rel` of a link does not count (§3.3).
    A link with an `anchor` is about another page than the one it came with, and is left out (§3.2).
    """
    for link in _LINK.finditer(header):
        parameters: dict[str, str] = {}
        for name, value in _PARAMETER.findall(link[2]):
            parameters.setdefault(name.lower(), value.strip('"'))
        relations = parameters.get("rel", "").lower().split()
        if relation.lower() in relations and "anchor" not in parameters:
            return link[1].strip()
    return None
