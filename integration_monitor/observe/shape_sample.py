"""Learning the shape of a partner's records from those that are read anyway."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from integration_monitor.observe.canonical import canonical_key
from integration_monitor.observe.json_path import Path
from integration_monitor.signals.shape import (
    MOST_PATHS,
    FieldShape,
    Shape,
    ancestors,
    child,
    cut,
    json_type,
    redacted,
)

RECORDS = 200
"""The first so many records of a reading are looked at."""
_ELEMENTS = 100
"""The first so many elements of an array are looked at."""
_DEPTH = 20
_VALUES = 1_000_000
"""After so many values no further record is begun: a few large records say enough."""


@dataclass
class _Tally:
    types: dict[str, int] = field(default_factory=dict)
    seen: int = 0
    nulls: int = 0
    examples: dict[str, str] = field(default_factory=dict)
    in_record: set[str] = field(default_factory=set)
    """The types seen in the record `at`."""
    at: int = -1


class ShapeSample:
    """Adds up records, as they come and before anything is asked of them. For one thread."""

    def __init__(self, mapped: Collection[str] = (), key: str | None = None) -> None:
        """`mapped` paths are always watched; a record with the same `key` counts once."""
        self.records = 0
        self._mapped = frozenset(mapped)
        self._on_the_way = {above for path in mapped for above in ancestors(path)}
        self._key = Path(key) if key else None
        self._keys: set[str] = set()
        self._tallies: dict[str, _Tally] = {}
        self._beyond: str | None = None
        self._values = 0

    def add(self, record: object) -> None:
        """Look at a record; null, by which a look-up says "absent", is none."""
        if record is None or self.records >= RECORDS or self._values >= _VALUES:
            return
        if self._is_known(record):
            return
        self._walk(record, "", 0)
        self.records += 1

    def shape(self) -> Shape:
        """The shape of what was seen."""
        fields = {
            path: FieldShape(tally.types, tally.seen, tally.nulls, self.records, tally.examples)
            for path, tally in self._tallies.items()
        }
        return cut(Shape(fields, self.records, beyond=self._beyond), self._mapped)

    def _is_known(self, record: object) -> bool:
        key = canonical_key(self._key.of(record)) if self._key else None
        if key is None:
            return False
        if key in self._keys:
            return True
        self._keys.add(key)
        return False

    def _walk(self, value: object, path: str, depth: int) -> None:
        self._values += 1
        if not path:
            if not isinstance(value, dict):
                self._count("@", value)
        elif self._is_watched(path):
            self._count(path, value)
        elif path not in self._on_the_way:
            return
        if depth >= _DEPTH:
            return
        if isinstance(value, dict):
            for name, inner in value.items():
                self._walk(inner, child(path, name), depth + 1)
        elif isinstance(value, list):
            for inner in value[:_ELEMENTS]:
                self._walk(inner, f"{path}[]", depth + 1)

    def _is_watched(self, path: str) -> bool:
        return self._beyond is None or path < self._beyond or path in self._mapped

    def _count(self, path: str, value: object) -> None:
        if path not in self._tallies and len(self._tallies) >= 2 * MOST_PATHS + len(self._mapped):
            self._cut()
            if not self._is_watched(path):
                return
        tally = self._tallies.setdefault(path, _Tally())
        if tally.at != self.records:
            tally.at = self.records
            tally.in_record.clear()
            tally.seen += 1
        name = json_type(value)
        if name in tally.in_record:
            return
        tally.in_record.add(name)
        if name == "null":
            tally.nulls += 1
            return
        tally.types[name] = tally.types.get(name, 0) + 1
        if name not in tally.examples:
            tally.examples[name] = redacted(value)

    def _cut(self) -> None:
        kept = self.shape()
        self._beyond = kept.beyond
        self._tallies = {path: self._tallies[path] for path in kept.fields}
