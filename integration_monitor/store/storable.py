"""Texts as PostgreSQL can keep and index them, whatever a partner or a caller put into them."""

from __future__ import annotations

from typing import Any

MOST = 200
"""Characters: three of such columns fit into an index at four bytes each."""
LARGEST = 2**63 - 1


def storable(text: str) -> str:
    """Without NUL and lone surrogates, which PostgreSQL refuses, and not longer than `MOST`."""
    if text.isascii() and text.isprintable() and len(text) <= MOST:
        return text
    return _allowed(text[:MOST])


def storable_or_none(text: str | None) -> str | None:
    """As `storable`."""
    return None if text is None else storable(text)


def storable_json(data: Any) -> Any:
    """Plain data, all of whose texts PostgreSQL takes; they keep their length."""
    match data:
        case str():
            return _allowed(data)
        case dict():
            return {_allowed(str(key)): storable_json(value) for key, value in data.items()}
        case list() | tuple():
            return [storable_json(value) for value in data]
    return data


def whole(number: int | None) -> int | None:
    """A number that fits into a bigint."""
    return None if number is None else max(-LARGEST, min(number, LARGEST))


def _allowed(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\x00", "�")
