"""Batches on their way to the store: sent when it answers, spilled until it does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from integration_monitor.ingest.spill import Spill
from integration_monitor.store import calls
from integration_monitor.store.call_batch import Batch
from integration_monitor.store.engine import Store, StoreError, open_store

_PATIENCE = timedelta(seconds=10)

_log = logging.getLogger(__name__)


class Sink(Protocol):
    """Where batches are stored, each once by its id however often it is added."""

    def add(self, batch: Batch) -> None:
        """Raises `StoreError` where the batch has to be sent again."""

    def forked(self) -> None:
        """In the child of a fork: give up what the parent goes on using."""


class StoreSink:
    """The store's database, connected at first use. For one thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._store: Store | None = None

    def add(self, batch: Batch) -> None:
        """Raises `StoreError` where the store is away or refuses."""
        if self._store is None:
            self._store = open_store(self._url, patience=_PATIENCE)
        calls.add(self._store, batch, now=datetime.now(UTC))

    def forked(self) -> None:
        """In the child of a fork: the connections are the parent's."""
        if self._store is not None:
            self._store.engine.dispose(close=False)
        self._store = None


class Delivery:
    """Sends batches in order, spilled ones first. For one thread, but for `give_up`."""

    def __init__(self, sink: Sink, spill: Spill, dropped: Callable[[int], None]) -> None:
        """`dropped` is told how many calls could be kept nowhere."""
        self._sink = sink
        self._spill = spill
        self._dropped = dropped
        self._in_hand: Batch | None = None
        self._is_away = False

    def forked(self) -> None:
        """In the child of a fork: nothing in hand, nothing open."""
        self._in_hand = None
        self._sink.forked()
        self._spill.forked()

    def send(self, batch: Batch | None) -> None:
        """Send what was spilled and then this batch; spill it where the store is away."""
        self._in_hand = batch
        try:
            self._spill.replay(self._add)
            if batch is not None:
                self._add(batch)
            self._say_back()
        except (StoreError, OSError) as error:
            self._say_away(error)
            if batch is not None:
                self._keep(batch)
        finally:
            self._in_hand = None

    def give_up(self, batch: Batch | None) -> None:
        """At the end of the process, while a sending hangs: keep that one, and this batch."""
        for kept in (self._in_hand, batch):
            if kept is not None:
                self._keep(kept)

    def _add(self, batch: Batch) -> None:
        try:
            self._sink.add(batch)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - sent again and again it would hold up all others
            _log.exception("a batch of calls could not be stored and is given up")
            self._dropped(calls_in(batch))

    def _keep(self, batch: Batch) -> None:
        if not self._spill.append(batch):
            self._dropped(calls_in(batch))

    def _say_away(self, error: Exception) -> None:
        if not self._is_away:
            _log.warning("calls are kept in local files, for %s", error)
        self._is_away = True

    def _say_back(self) -> None:
        if self._is_away:
            _log.warning("calls are stored again")
        self._is_away = False


def calls_in(batch: Batch) -> int:
    """The calls that are lost with a batch."""
    return sum(count.calls for count in batch.counts) + batch.dropped
