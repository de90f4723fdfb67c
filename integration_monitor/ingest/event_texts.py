"""What stands in an event, as texts that the store takes. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from integration_monitor.observe.canonical import canonical_key
from integration_monitor.store.storable import MOST, storable

_KEPT = 130


def as_text(value: object) -> str | None:
    """A value as `canonical_key` writes it; None for what has none, and for an empty one."""
    key = canonical_key(value)
    return _storable(key) if key else None


def id_of(values: Sequence[object]) -> str | None:
    """An id of these parts; None where none of them is there.

    A part that is not there is left blank, so that parts cannot be taken for others.
    """
    if len(values) == 1:  # nearly always
        only = _id_part(values[0])
        return _storable(only) if only else None
    parts = [_id_part(value) for value in values]
    if not any(parts):
        return None
    return _storable(":".join(_escaped(part) for part in parts))


def _id_part(value: object) -> str:
    """As the partner writes it; empty for what is no id."""
    return value if isinstance(value, str) else canonical_key(value) or ""


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace(":", "\\:")


def _storable(text: str) -> str:
    """A text that PostgreSQL takes, also in an index; different texts stay different."""
    if storable(text) == text:
        return text
    safe = text.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")
    if len(safe) <= MOST:
        return safe
    return f"{safe[:_KEPT]}…{hashlib.sha256(safe.encode()).hexdigest()}"
