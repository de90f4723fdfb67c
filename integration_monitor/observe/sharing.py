"""Things that are dear to open, for all who need them at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Thing = TypeVar("Thing")


class Sharing(Generic[Key, Thing]):
    """One thing a key, for as long as somebody holds it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._things: dict[Key, Thing] = {}
        self._holders: Counter[Key] = Counter()

    def take(self, key: Key, open_it: Callable[[], Thing]) -> Thing:
        """What others hold under this key, or else what `open_it` gives or raises."""
        with self._lock:
            if key not in self._things:
                self._things[key] = open_it()
            self._holders[key] += 1
            return self._things[key]

    def give_back(self, key: Key) -> Thing | None:
        """The thing, to be closed, where nobody else holds it."""
        with self._lock:
            self._holders[key] -= 1
            return None if self._holders[key] else self._things.pop(key)
