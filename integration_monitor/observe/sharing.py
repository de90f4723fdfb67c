"""Things that are dear to open, for all who need them at the same time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Thing = TypeVar("Thing")


@dataclass
class _Shared(Generic[Thing]):
    """A thing, once it was opened, and how many hold it or wait for it."""

    lock: Lock = field(default_factory=Lock)
    holders: int = 0
    opened: list[Thing] = field(default_factory=list)


class Sharing(Generic[Key, Thing]):
    """One thing a key, for as long as somebody holds it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._shared: dict[Key, _Shared[Thing]] = {}

    def take(self, key: Key, open_it: Callable[[], Thing]) -> Thing:
        """What others hold under this key, or else what `open_it` gives or raises.

        Whoever wants the same thing waits while it is opened; nobody else does.
        """
        with self._lock:
            shared = self._shared.setdefault(key, _Shared())
            shared.holders += 1
        try:
            with shared.lock:
                if not shared.opened:
                    shared.opened.append(open_it())
                return shared.opened[0]
        except BaseException:
            self.give_back(key)
            raise

    def give_back(self, key: Key) -> Thing | None:
        """The thing, to be closed, where nobody else holds it."""
        with self._lock:
            shared = self._shared[key]
            shared.holders -= 1
            if shared.holders:
                return None
            del self._shared[key]
            return shared.opened[0] if shared.opened else None
