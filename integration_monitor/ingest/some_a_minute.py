"""So many of a kind in a minute, and no more."""

from __future__ import annotations


class SomeAMinute:
    """Threads that ask in the same instant may be given one more than allowed, no thread waits."""

    def __init__(self, most: int) -> None:
        """0: none at all."""
        self._most = most
        self._given: dict[str, tuple[int, int]] = {}

    def take(self, kind: str, minute: int) -> bool:
        """Whether one more of this kind is allowed in this minute."""
        at, given = self._given.get(kind, (minute, 0))
        if at != minute:
            given = 0
        if given >= self._most:
            return False
        self._given[kind] = (minute, given + 1)
        return True
