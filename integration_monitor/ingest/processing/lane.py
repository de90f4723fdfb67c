"""Handing an integration's events on to one sink, whatever becomes of other sinks."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from integration_monitor.ingest.processing.attempts import Failure, next_attempt
from integration_monitor.ingest.processing.http_sink import open_http_sink
from integration_monitor.ingest.processing.mapping import Mapper, Unmappable
from integration_monitor.ingest.processing.sink import OpenSink, Outgoing, SinkUnusable
from integration_monitor.ingest.processing.sink_health import SinkHealth
from integration_monitor.ingest.processing.sql_sink import open_sql_sink
from integration_monitor.ingest.processing.unified_event import UnifiedEvent
from integration_monitor.manifest.webhooks import HttpSink, Sink
from integration_monitor.store import webhook_deliveries, webhook_objects, webhook_untried
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_deliveries import Attempted, Due, Lane
from integration_monitor.store.webhook_objects import ObjectKey


@dataclass(frozen=True)
class Handed:
    """What was done for a lane."""

    delivered: int = 0
    failed: int = 0
    """Attempts that failed, and will be repeated."""
    dead: int = 0
    """Deliveries that were given up."""

    def __add__(self, other: Handed) -> Handed:
        return Handed(
            self.delivered + other.delivered, self.failed + other.failed, self.dead + other.dead
        )

    def __bool__(self) -> bool:
        return self != Handed()


class LaneWorker:
    """Delivers one lane's events, some at a time. Used by one thread at a time.

    It takes one event alone while the sink is down, to see if it takes events again.
    """

    def __init__(
        self,
        store: Store,
        lane: Lane,
        sink: Sink,
        mapper: Mapper,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        drawn: Callable[[], float] = random.random,
    ) -> None:
        self.lane = lane
        self.sink = sink
        self.mapper = mapper
        self.health = SinkHealth()
        self._store = store
        self._environ = environ
        self._clock = clock
        self._drawn = drawn
        self._open: OpenSink | None = None

    def may_go_on(self) -> bool:
        """Whether the sink may be tried now."""
        return self.health.may_be_tried(self._clock())

    def drain(self, stop: threading.Event) -> Handed:
        """Deliver what is due, until nothing is, or the sink is to be left alone.

        Raises `StoreError` where the store is away.
        """
        total = Handed()
        try:
            while not stop.is_set() and self.may_go_on():
                handed = self._one_batch()
                total += handed
                if not handed:
                    break
        except Exception as error:
            # Whatever it was: it must not be met again at once.
            self.health = self.health.paused(
                f"our own mistake: {type(error).__name__}", self._clock(), self._drawn()
            )
            raise
        return total

    def close(self) -> None:
        """Let go of the sink's connections."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _one_batch(self) -> Handed:
        now = self._clock()
        sink = self._opened(now)
        if sink is None:
            return self._see_to_the_rest(now)
        probing = self.health.is_down
        with self._store.begin() as connection:
            due = webhook_deliveries.take(
                connection, self.lane, now, 1 if probing else sink.batch, least_tried=probing
            )
            events, broken = self._unified(due)
            known = webhook_objects.newest(connection, self.lane.integration, _objects(events))
            outgoing = [Outgoing(event, _is_superseded(event, known)) for event in events.values()]
            answers = sink.deliver(outgoing, now) if outgoing else []
            results = dict(zip(events, answers, strict=True))
            self._learn(results)
            attempted = [self._attempted(one, {**results, **broken}, now) for one in due]
            webhook_deliveries.record(connection, self.lane, attempted, self._clock())
        return _handed(attempted) + self._see_to_the_rest(now, was_down=probing)

    def _learn(self, results: Mapping[int, Failure | None]) -> None:
        failed = [(event, failure) for event, failure in results.items() if failure is not None]
        delivered = len(results) - len(failed)
        self.health = self.health.after(delivered, failed, self._clock(), self._drawn())

    def _opened(self, now: datetime) -> OpenSink | None:
        if self._open is None:
            try:
                self._open = open_sink(self.sink, self._environ)
            except SinkUnusable as error:
                self.health = self.health.paused(str(error), now, self._drawn())
        return self._open

    def _unified(self, due: Sequence[Due]) -> tuple[dict[int, UnifiedEvent], dict[int, Failure]]:
        events, broken = {}, {}
        for one in due:
            try:
                events[one.event.id] = self.mapper.unify(one.event)
            except Unmappable as error:
                broken[one.event.id] = Failure("never", str(error))
            except Exception as error:  # noqa: BLE001 - one event must not hold up the others
                why = f"our own mistake: {type(error).__name__}"
                broken[one.event.id] = Failure("never", why)
        return events, broken

    def _attempted(
        self, due: Due, results: Mapping[int, Failure | None], now: datetime
    ) -> Attempted:
        failure = results[due.event.id]
        if failure is None:
            return Attempted(due.event.id)
        again_at = next_attempt(
            failure,
            attempts=due.attempts + 1,
            waiting_since=due.waiting_since,
            retry_for=self.sink.retry_for,
            now=now,
            drawn=self._drawn(),
        )
        if again_at and failure.kind == "trouble" and self.health.until:
            # It is the sink's trouble: the event is due as soon as the sink is tried again.
            again_at = min(again_at, self.health.until)
        return Attempted(due.event.id, failure.why, again_at)

    def _see_to_the_rest(self, now: datetime, *, was_down: bool = False) -> Handed:
        """While a sink is down most events are not tried: it is said why, and their time is up."""
        if not self.health.is_down:
            if was_down:
                with self._store.begin() as connection:
                    webhook_untried.forget(connection, self.lane)
            return Handed()
        with self._store.begin() as connection:
            webhook_untried.explain(connection, self.lane, self.health.why)
            dead = webhook_deliveries.give_up(
                connection,
                self.lane,
                waiting_before=now - self.sink.retry_for,
                error=self.health.why,
                now=now,
            )
        return Handed(dead=dead)


def open_sink(sink: Sink, environ: Mapping[str, str]) -> OpenSink:
    """A sink of a manifest, ready to take events. Raises `SinkUnusable`."""
    if isinstance(sink, HttpSink):
        return open_http_sink(sink, environ)
    return open_sql_sink(sink, environ)


def _object_of(event: UnifiedEvent) -> ObjectKey | None:
    if event.object_id is None:
        return None
    return ObjectKey(event.tenant, event.kind, event.object_id)


def _objects(events: Mapping[int, UnifiedEvent]) -> set[ObjectKey]:
    return {key for event in events.values() if (key := _object_of(event)) is not None}


def _is_superseded(event: UnifiedEvent, known: Mapping[ObjectKey, webhook_objects.Version]) -> bool:
    key = _object_of(event)
    return key is not None and known.get(key, event.version) > event.version


def _handed(attempted: Sequence[Attempted]) -> Handed:
    delivered = sum(one.error is None for one in attempted)
    failed = sum(one.again_at is not None for one in attempted)
    return Handed(delivered, failed, len(attempted) - delivered - failed)
