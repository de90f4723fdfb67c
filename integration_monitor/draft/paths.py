"""Walking through an answer: JMESPath expressions of what is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

DEPTH = 5
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Scalar = str | int | float | bool | None
Record = Mapping[str, object]


def join(path: str, name: str) -> str:
    """`a` and `b` as `a.b`; a name that is no identifier in quotes."""
    step = name if _PLAIN.fullmatch(name) else json.dumps(name)
    return f"{path}.{step}" if path else step


def leaf(path: str) -> str:
    """The last name of a path, in lower case."""
    return path.rsplit(".", 1)[-1].strip('"').lower()


def scalars(document: object, path: str = "", depth: int = DEPTH) -> Iterator[tuple[str, Scalar]]:
    """Paths and values of everything that is neither an object nor within a list."""
    if isinstance(document, Mapping):
        if depth:
            for name, value in document.items():
                yield from scalars(value, join(path, str(name)), depth - 1)
    elif isinstance(document, str | int | float) or document is None:
        yield path, document


def record_lists(
    document: object, path: str = "", depth: int = DEPTH
) -> Iterator[tuple[str, Sequence[Record]]]:
    """Paths and values of every list of objects; `@` is the document itself."""
    if isinstance(document, list):
        records = [item for item in document if isinstance(item, Mapping)]
        if records and len(records) == len(document):
            yield path or "@", records
    elif isinstance(document, Mapping) and depth:
        for name, value in document.items():
            yield from record_lists(value, join(path, str(name)), depth - 1)
