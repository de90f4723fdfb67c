"""Processing: what was received is read and handed on, for as long as it runs."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from integration_monitor.ingest.processing.lane import Handed, LaneWorker
from integration_monitor.ingest.processing.mapping import Mapper
from integration_monitor.ingest.processing.outage import Outage
from integration_monitor.ingest.processing.queueing import Queued, queue_batch
from integration_monitor.manifest.domain import Fleet, Integration
from integration_monitor.manifest.webhooks import Sink, Webhooks
from integration_monitor.store import webhook_deliveries, webhook_queue
from integration_monitor.store.engine import Store, StoreError
from integration_monitor.store.webhook_deliveries import Lane

IDLE_S = 0.5
STORE_AWAY_S = 2.0
FORGOTTEN_EVERY = timedelta(minutes=1)
STOP_WITHIN_S = 15.0
"""Longer than any sink takes to answer."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Processed:
    """What was done since the last time that somebody asked."""

    queued: Mapping[str, Queued] = field(default_factory=dict)
    handed: Mapping[Lane, Handed] = field(default_factory=dict)
    trouble: Mapping[Lane, str] = field(default_factory=dict)
    """Of the sinks that are down: why."""


class Processor:
    """Reads and hands on the events of a fleet.

    Any number may run at once, in one process or several. Each lane, an integration's way to one
    sink, has a thread of its own while there is something to be delivered: what is slow or down
    holds up nothing else.
    """

    def __init__(
        self,
        store: Store,
        fleet: Callable[[], Fleet],
        environ: Mapping[str, str],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        drawn: Callable[[], float] = random.random,
    ) -> None:
        """`fleet` gives the manifests as they are now, the same objects where nothing changed."""
        self._store = store
        self._fleet = fleet
        self._environ = environ
        self._clock = clock
        self._drawn = drawn
        self._mappers: dict[str, tuple[Integration, Mapper]] = {}
        self._lanes: dict[Lane, LaneWorker] = {}
        self._threads: dict[Lane, threading.Thread] = {}
        self._forgotten_at: datetime | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._outage = Outage()
        self._moved = 0
        self._queued: dict[str, Queued] = {}
        self._handed: dict[Lane, Handed] = {}

    def once(self) -> None:
        """Read what was received, and hand on what is due now. Raises `StoreError`."""
        while True:
            before = self._moved
            read = self._step()
            for thread in list(self._threads.values()):
                thread.join()
            if not read and self._moved == before:
                return

    def run(self, report: Callable[[Processed], None]) -> None:
        """Go on until `stop`, telling from time to time what was done."""
        while not self._stopping.is_set():
            try:
                pause = 0.0 if self._step() else IDLE_S
                self._outage.end()
            except Exception as error:  # noqa: BLE001 - nobody may be there to start it again
                self._outage.begin(error)
                pause = STORE_AWAY_S
            report(self.taken())
            # A step that only found threads at work has nothing to hurry for.
            self._stopping.wait(max(pause, 0.01))

    def stop(self) -> None:
        """Begin nothing new, and wait for what is under way."""
        self._stopping.set()
        end = time.monotonic() + STOP_WITHIN_S
        for thread in list(self._threads.values()):
            thread.join(max(0.0, end - time.monotonic()))
        for lane, worker in self._lanes.items():
            if not self._is_busy(lane):
                worker.close()

    def taken(self) -> Processed:
        """What was done since this was asked last."""
        with self._lock:
            found = Processed(dict(self._queued), dict(self._handed), dict(self._trouble()))
            self._queued.clear()
            self._handed.clear()
        return found

    def _trouble(self) -> Iterator[tuple[Lane, str]]:
        for lane, worker in self._lanes.items():
            if worker.health.is_down:
                yield lane, worker.health.why

    def _step(self) -> bool:
        """Read a batch of each integration, begin to deliver; whether there was a batch."""
        watched = {one.name: one for one in self._fleet().integrations if one.webhooks is not None}
        read = self._read(watched)
        self._follow(watched)
        self._give_up_forgotten(watched)
        self._deliver()
        return read

    def _read(self, watched: Mapping[str, Integration]) -> bool:
        with self._store.begin() as connection:
            waiting = webhook_queue.unqueued(connection, list(watched))
        read = False
        for name in waiting:
            webhooks = _webhooks(watched[name])
            mapper = self._mapper(watched[name])
            queued = queue_batch(self._store, name, webhooks, mapper, self._clock())
            read = read or queued.read > 0
            with self._lock:
                before = self._queued.get(name, Queued())
                self._queued[name] = Queued(*map(sum, zip(before, queued, strict=True)))
        return read

    def _mapper(self, integration: Integration) -> Mapper:
        known = self._mappers.get(integration.name)
        if known is None or known[0] is not integration:
            known = integration, Mapper(integration.name, _webhooks(integration))
            self._mappers[integration.name] = known
        return known[1]

    def _follow(self, watched: Mapping[str, Integration]) -> None:
        """Have a worker for each lane of the manifests as they are now."""
        wanted: dict[Lane, tuple[Sink, Mapper]] = {
            Lane(name, sink_name): (sink, self._mapper(integration))
            for name, integration in watched.items()
            for sink_name, sink in _webhooks(integration).sinks.items()
        }
        for lane, worker in list(self._lanes.items()):
            if not self._is_busy(lane) and wanted.get(lane) != (worker.sink, worker.mapper):
                self._lanes.pop(lane).close()
        for lane, (sink, mapper) in wanted.items():
            if lane not in self._lanes:
                self._lanes[lane] = LaneWorker(
                    self._store, lane, sink, mapper, self._environ,
                    clock=self._clock, drawn=self._drawn,
                )  # fmt: skip

    def _give_up_forgotten(self, watched: Mapping[str, Integration]) -> None:
        """What waits for a sink that was taken out of its manifest would wait for ever."""
        now = self._clock()
        if self._forgotten_at is not None and now - self._forgotten_at < FORGOTTEN_EVERY:
            return
        self._forgotten_at = now
        with self._store.begin() as connection:
            for lane in webhook_deliveries.waiting_lanes(connection):
                if lane.integration in watched and lane not in self._lanes:
                    webhook_deliveries.give_up(
                        connection, lane, waiting_before=now, now=now,
                        error="the manifest has no such sink any more",
                    )  # fmt: skip

    def _deliver(self) -> None:
        idle = [
            lane
            for lane, worker in self._lanes.items()
            if not self._is_busy(lane) and worker.may_go_on()
        ]
        with self._store.begin() as connection:
            due = webhook_deliveries.due_lanes(connection, idle, self._clock())
        for lane in due:
            thread = threading.Thread(
                target=self._drain, args=(self._lanes[lane],), name=str(lane), daemon=True
            )
            self._threads[lane] = thread
            thread.start()

    def _is_busy(self, lane: Lane) -> bool:
        thread = self._threads.get(lane)
        return thread is not None and thread.is_alive()

    def _drain(self, worker: LaneWorker) -> None:
        try:
            handed = worker.drain(self._stopping)
        except StoreError as error:
            self._outage.begin(error)
            return
        except Exception:  # noqa: BLE001 - one lane's; the others go on
            _log.exception("%s: a batch failed; it will be tried again", worker.lane)
            return
        with self._lock:
            before = self._handed.get(worker.lane, Handed())
            self._handed[worker.lane] = before + handed
            self._moved += bool(handed)


def _webhooks(integration: Integration) -> Webhooks:
    assert integration.webhooks is not None  # noqa: S101 - only such are watched
    return integration.webhooks
