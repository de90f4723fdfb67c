"""The shape of records: which fields there are, of which types, and in how many records. Pure.

Paths are dotted, with `[]` for the elements of an array: `properties.email`, `lines[].amount`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_PATHS = 2_000
"""Unmapped paths that are watched of one side; the first ones in the order of their names."""
_EXAMPLE = 40
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DATA = re.compile(r"\d+|[0-9a-fA-F-]{32,36}|.*@.*", re.DOTALL)
_NAME = 100


@dataclass(frozen=True)
class FieldShape:
    """One path. All numbers count records, not occurrences within a record."""

    types: Mapping[str, int]
    """In how many records each type was seen; `null` is not among them."""
    seen: int
    """Records in which the path was present, be it as null."""
    nulls: int
    """Records in which it was null. For a column: 1 where it may be null."""
    of: int
    """Records in which it could have been."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """A redacted value of each type."""

    @property
    def text(self) -> str:
        """`integer or string`, with `or null` where it may be."""
        return " or ".join([self.type_text, *(["null"] if self.nulls and self.types else [])])

    @property
    def type_text(self) -> str:
        """`integer or string`; `null` where nothing else was ever seen."""
        return " or ".join(sorted(self.types)) or ("null" if self.nulls else "of unknown type")


@dataclass(frozen=True)
class Shape:
    """The fields of a side, by path."""

    fields: Mapping[str, FieldShape]
    records: int
    """Records that were sampled; 1 for the columns of a table."""
    declared: bool = False
    """Told by the database itself: what is not in it does not exist."""
    beyond: str | None = None
    """The first path that is not watched, because there are too many; None where all are."""

    def watches(self, path: str) -> bool:
        """Whether the path's absence means anything."""
        return self.beyond is None or path < self.beyond


def merge(one: Shape, other: Shape, mapped: Collection[str] = ()) -> Shape:
    """The shape of both samples together, whatever their order. Mapped paths are never cut."""
    paths = one.fields.keys() | other.fields.keys()
    fields = {path: _together(one, other, path) for path in paths}
    limits = [shape.beyond for shape in (one, other) if shape.beyond is not None]
    both = Shape(
        fields,
        one.records + other.records,
        one.declared or other.declared,
        min(limits, default=None),
    )
    return cut(both, mapped)


def cut(shape: Shape, mapped: Collection[str], most: int = MOST_PATHS) -> Shape:
    """At most so many unmapped paths, none of them at or after `beyond`."""
    unmapped = sorted(p for p in shape.fields if p not in mapped and shape.watches(p))
    beyond = unmapped[most] if len(unmapped) > most else shape.beyond
    kept = {p: f for p, f in shape.fields.items() if p in mapped or beyond is None or p < beyond}
    return Shape(kept, shape.records, shape.declared, beyond)


def _together(one: Shape, other: Shape, path: str) -> FieldShape:
    a = one.fields.get(path) or FieldShape({}, 0, 0, one.records)
    b = other.fields.get(path) or FieldShape({}, 0, 0, other.records)
    return FieldShape(
        types={
            name: a.types.get(name, 0) + b.types.get(name, 0) for name in {**a.types, **b.types}
        },
        seen=a.seen + b.seen,
        nulls=a.nulls + b.nulls,
        of=a.of + b.of,
        examples={
            name: min(e for e in (a.examples.get(name), b.examples.get(name)) if e is not None)
            for name in {**a.examples, **b.examples}
        },
    )


# --- paths and values ----------------------------------------------------------------------------


def child(path: str, name: str) -> str:
    """The path of a key within an object."""
    step = key_name(name)
    return f"{path}.{step}" if path else step


def key_name(name: str) -> str:
    """A key as it stands in a path; one that is itself data (an id, an address) is `*`."""
    if _IDENTIFIER.fullmatch(name) and len(name) <= _NAME:
        return name
    if _DATA.fullmatch(name):
        return "*"
    return json.dumps(name[:_NAME], ensure_ascii=False)


def ancestors(path: str) -> Iterator[str]:
    """Every path that this one lies within: `a[]` and `a` for `a[].b`."""
    for index, letter in enumerate(path):
        if letter in ".[" and index:
            yield path[:index]


def json_type(value: object) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for kind, name in ((int, "integer"), (float, "number"), (str, "string"), (dict, "object")):
        if isinstance(value, kind):
            return name
    return "array"


def redacted(value: object) -> str:
    """What a value looks like without what it says: letters become `a`, digits 9."""
    if isinstance(value, dict | list):
        return ""
    text = value[: _EXAMPLE + 1] if isinstance(value, str) else json.dumps(value)
    hidden = "".join(_hidden(letter) for letter in text[:_EXAMPLE])
    return hidden + ("…" if len(text) > _EXAMPLE else "")


def _hidden(letter: str) -> str:
    if letter.isalpha():
        return "A" if letter.isupper() else "a"
    if letter.isnumeric():
        return "9"
    return letter if letter.isprintable() else " "


# --- as plain data -------------------------------------------------------------------------------


def as_json(shape: Shape) -> dict[str, Any]:
    """The shape as plain data, for the store."""
    return asdict(shape)


def shape_of(data: Mapping[str, Any]) -> Shape:
    """The shape that `as_json` made plain."""
    return Shape(fields_of(data["fields"]), data["records"], data["declared"], data["beyond"])


def fields_of(data: Mapping[str, Any]) -> dict[str, FieldShape]:
    """Fields from plain data."""
    return {path: FieldShape(**one) for path, one in data.items()}
