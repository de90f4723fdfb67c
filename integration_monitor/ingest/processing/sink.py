"""Where unified events are handed on to: what all kinds of sinks have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from integration_monitor.ingest.processing.attempts import Failure
from integration_monitor.ingest.processing.unified_event import UnifiedEvent


class SinkUnusable(Exception):
    """A sink cannot be used as it is configured; the message says why, without a secret."""


@dataclass(frozen=True)
class Outgoing:
    """A unified event on its way to a sink."""

    event: UnifiedEvent
    superseded: bool
    """A newer event of its object is known."""


class OpenSink(Protocol):
    """A sink that is ready to take events. Used by one thread at a time."""

    @property
    def batch(self) -> int:
        """How many events it takes at once."""

    def deliver(self, events: Sequence[Outgoing], now: datetime) -> list[Failure | None]:
        """Hand events on; of each, in their order, None where the sink has it, or why not.

        Never raises for what the sink does.
        """

    def close(self) -> None:
        """Let go of its connections."""
