"""Send what is in the outbox: at least once, in order, one channel never held up by another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from integration_monitor.alerts.channels import apprise, webhook
from integration_monitor.alerts.channels.channel import DeliveryError, Send
from integration_monitor.alerts.quiet import quiet
from integration_monitor.manifest.domain import MissingReference, Monitor
from integration_monitor.store import outbox
from integration_monitor.store.engine import Store
from integration_monitor.store.outbox import Queued

SENDERS: Mapping[str, Send] = {"apprise": apprise.send, "webhook": webhook.send}
LIMIT = timedelta(seconds=20)
LEASE = timedelta(seconds=60)
"""Longer than any channel takes to answer: after it the sender is taken for dead."""
FIRST_RETRY = timedelta(seconds=5)
LAST_RETRY = timedelta(minutes=10)


@dataclass(frozen=True)
class DeliverySummary:
    """What a delivery did; `str()` is one line for people."""

    sent: int = 0
    failed: int = 0
    """Attempts that failed; they are repeated later."""
    unfinished: tuple[str, ...] = ()
    """Channels that were still sending when the time was up."""

    def __str__(self) -> str:
        alerts = f"{self.sent} {'alert' if self.sent == 1 else 'alerts'} sent"
        failed = f", {self.failed} failed" if self.failed else ""
        slow = f", still sending: {', '.join(self.unfinished)}" if self.unfinished else ""
        return alerts + failed + slow


def deliver(
    store: Store,
    monitor: Monitor,
    environ: Mapping[str, str],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    limit: timedelta = LIMIT,
) -> DeliverySummary:
    """Send the alerts that are due, every channel in a thread of its own.

    Returns when all is sent, after `limit` at the latest; a send that is under way then still
    records its result, and if this process dies first, its lease ends and it is sent again.
    A failed one is repeated with growing pauses, without end. Raises `StoreError` where the store
    is away.
    """
    ends = time.monotonic() + limit.total_seconds()
    with store.begin() as connection:
        channels = outbox.due_channels(connection, clock())
    workers = [_Worker(name, store, monitor, environ, clock) for name in channels]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(max(0.0, ends - time.monotonic()))
    for worker in workers:
        worker.stop()
    for worker in workers:
        if worker.broke is not None:
            raise worker.broke
    return DeliverySummary(
        sent=sum(worker.sent for worker in workers),
        failed=sum(worker.failed for worker in workers),
        unfinished=tuple(worker.channel for worker in workers if worker.is_alive()),
    )


def pause(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: 5 s, doubled each time up to 10 minutes."""
    doubled: int = 2 ** min(attempts - 1, 10)
    return min(LAST_RETRY, FIRST_RETRY * doubled)


class _Worker(threading.Thread):
    """Sends one channel's alerts one after the other.

    A daemon: a channel that hangs must not keep the process from ending.
    """

    def __init__(
        self,
        channel: str,
        store: Store,
        monitor: Monitor,
        environ: Mapping[str, str],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(name=f"deliver-{channel}", daemon=True)
        self.channel = channel
        self.sent = 0
        self.failed = 0
        self.broke: Exception | None = None
        self._store = store
        self._monitor = monitor
        self._environ = environ
        self._clock = clock
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopped.set()

    def run(self) -> None:
        try:
            while not self._stopped.is_set() and (queued := self._lease()) is not None:
                self._deliver(queued)
        except Exception as error:  # noqa: BLE001 - raised by `deliver`, in the caller's thread
            self.broke = error

    def _lease(self) -> Queued | None:
        with self._store.begin() as connection:
            return outbox.lease(connection, self.channel, self._clock(), LEASE)

    def _deliver(self, queued: Queued) -> None:
        error = attempt(queued, self._monitor, self._environ)
        now = self._clock()
        with self._store.begin() as connection:
            if error is None:
                outbox.mark_sent(connection, queued.id, now)
            else:
                again = now + pause(queued.attempts + 1)
                outbox.mark_failed(connection, queued.id, error, again)
        self.sent += error is None
        self.failed += error is not None


def attempt(queued: Queued, monitor: Monitor, environ: Mapping[str, str]) -> str | None:
    """Send one alert; None where the channel has it, otherwise why not, without secrets."""
    channel = monitor.channels.get(queued.channel)
    if channel is None:
        return f"channel {queued.channel} is not in monitor.yaml"
    try:
        with quiet():
            SENDERS[channel.type](channel, queued, environ)
    except (DeliveryError, MissingReference) as error:
        return f"channel {queued.channel}: {error}"
    except Exception as error:  # noqa: BLE001 - a defect of one channel's library stays its own
        return f"channel {queued.channel}: {type(error).__name__}"
    return None
