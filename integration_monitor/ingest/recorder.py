"""What a process keeps of its calls, and brings to one store. One for all transports in it."""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from integration_monitor.ingest.counters import Counters
from integration_monitor.ingest.delivery import Delivery, Sink
from integration_monitor.ingest.flush import INTERVAL, Flusher
from integration_monitor.ingest.readings import Readings
from integration_monitor.ingest.spill import Spill
from integration_monitor.store.call_batch import Batch

_log = logging.getLogger(__name__)
_all: weakref.WeakSet[Recorder] = weakref.WeakSet()


class Recorder:
    """Counts calls, and stores them in the background. Never waits for the store."""

    def __init__(
        self,
        sink: Sink,
        spill: Spill,
        *,
        interval: timedelta = INTERVAL,
        clock: Callable[[], float] = time.time,
        counters: Counters | None = None,
    ) -> None:
        """`clock` tells in which minute a call was, in seconds since 1970."""
        self.clock = clock
        self.counters = counters or Counters()
        self.readings = Readings()
        self._delivery = Delivery(sink, spill, self.counters.drop)
        self._flusher = Flusher(self._step, self._give_up, interval)
        self.start = self._flusher.start
        self.ask = self._flusher.ask
        self.flush = self._flusher.flush
        _all.add(self)

    def forked(self) -> None:
        """In the child of a fork: what was counted is the parent's to store."""
        self.counters.clear()
        self.readings.clear()
        self._delivery.forked()
        self._flusher.forked()

    def take(self) -> Batch | None:
        """What was seen since the last taking; None for nothing."""
        read = self.readings.take(datetime.fromtimestamp(self.clock(), UTC))
        counted = self.counters.take()
        batch = Batch(
            id=str(uuid.uuid4()),
            source=f"{socket.gethostname()}:{os.getpid()}",
            counts=counted.counts,
            exemplars=counted.exemplars,
            rate_limits=read.rate_limits,
            notices=read.notices,
            shapes=read.shapes,
            dropped=counted.dropped,
        )
        is_empty = batch == Batch(batch.id, batch.source)
        return None if is_empty else batch

    def _step(self) -> None:
        try:
            self._delivery.send(self.take())
        except Exception:  # noqa: BLE001 - the thread goes on, and tries again
            _log.exception("calls could not be brought to the store")

    def _give_up(self) -> None:
        self._delivery.give_up(self.take())


def _forked() -> None:
    for recorder in list(_all):
        recorder.forked()


os.register_at_fork(after_in_child=_forked)
