"""Whether a sink takes events at all, or is to be left alone for a while. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from integration_monitor.ingest.processing.attempts import Failure

OPENS_AFTER = 3
"""Different events that failed one after the other: one alone may be to blame itself."""
FIRST = timedelta(seconds=1)
LONGEST = timedelta(seconds=60)
LONGEST_ASKED = timedelta(hours=1)


@dataclass(frozen=True)
class SinkHealth:
    """What the last attempts say of a sink."""

    failing: frozenset[int] = frozenset()
    """Events that failed since something went well, no more than are needed."""
    pauses: int = 0
    until: datetime | None = None
    """It is left alone until then."""
    why: str = ""

    @property
    def is_down(self) -> bool:
        """Whether the next attempt only looks if it takes events again."""
        return self.pauses > 0

    def may_be_tried(self, now: datetime) -> bool:
        """Whether its pause is over, or there is none."""
        return self.until is None or now >= self.until

    def after(
        self, delivered: int, failed: Collection[tuple[int, Failure]], now: datetime, drawn: float
    ) -> SinkHealth:
        """The health after a batch: so many were delivered, these events failed.

        A sink that refuses an event has answered: only trouble counts. Pauses grow from 1 s to
        60 s, the second half of each drawn (`drawn`, 0 to 1); one that the sink asked for is kept,
        up to an hour.
        """
        trouble = [(event, failure) for event, failure in failed if failure.kind == "trouble"]
        if delivered or len(trouble) < len(failed):
            return SinkHealth()
        if not trouble:
            return self
        failing = frozenset(sorted(self.failing | {event for event, _ in trouble})[:OPENS_AFTER])
        asked = max((failure.retry_after or timedelta(0) for _, failure in trouble))
        why = trouble[-1][1].why
        if len(failing) < OPENS_AFTER and not self.is_down and not asked:
            return replace(self, failing=failing, why=why)
        return replace(self, failing=failing).paused(why, now, drawn, asked)

    def paused(
        self, why: str, now: datetime, drawn: float, asked: timedelta = timedelta(0)
    ) -> SinkHealth:
        """The sink cannot be used; it is left alone for longer than the last time."""
        doublings: int = 2 ** min(self.pauses, 20)
        longest = min(LONGEST, FIRST * doublings)
        wait = max(longest * (1 + drawn) / 2, min(LONGEST_ASKED, asked))
        return replace(self, pauses=self.pauses + 1, until=now + wait, why=why)
