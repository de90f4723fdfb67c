"""Reading events that were received, and putting them into the queues of the sinks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from integration_monitor.ingest.processing.mapping import Mapper, Unmappable
from integration_monitor.ingest.processing.unified_event import version
from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.store import webhook_deliveries, webhook_objects, webhook_queue
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_objects import ObjectKey, Version
from integration_monitor.store.webhook_queue import Read, StoredEvent

BATCH = 500


class Queued(NamedTuple):
    """What a batch came to."""

    read: int = 0
    dead: int = 0
    """Of these, events that cannot be understood."""
    unnamed: int = 0
    """Of these, events that the manifest does not name: kept, and not handed on."""


def queue_batch(
    store: Store, integration: str, webhooks: Webhooks, mapper: Mapper, now: datetime
) -> Queued:
    """Read some of an integration's events; all zeros where there are none that nobody reads.

    Raises `StoreError` where the store is away.
    """
    with store.begin() as connection:
        taken = webhook_queue.take(connection, integration, BATCH)
        found = [(event, *_read(event, mapper)) for event in taken]
        webhook_objects.see(connection, integration, _newest(found))
        read = [reading for _, reading, _ in found]
        known = webhook_queue.queue(connection, integration, read, webhooks.sinks, now)
        webhook_deliveries.settle(connection, known, now)
    dead = sum(one.error is not None for one in read)
    return Queued(len(read), dead, sum(one.unified_type is None for one in read) - dead)


def _read(stored: StoredEvent, mapper: Mapper) -> tuple[Read, str | None]:
    """What an event says, and what it is about."""
    try:
        understood = mapper.read(stored)
    except Unmappable as error:
        return _as_it_was(stored, str(error)), None
    except Exception as error:  # noqa: BLE001 - one event must not hold up all that come after it
        return _as_it_was(stored, f"our own mistake: {type(error).__name__}"), None
    event, rule = understood.event, understood.rule
    read = Read(
        stored.id, event.type, event.tenant, event.object_id, event.order_key, event.occurred_at,
        unified_type=rule.type if rule else None,
    )  # fmt: skip
    return read, rule.kind if rule else None


def _as_it_was(stored: StoredEvent, error: str) -> Read:
    return Read(
        stored.id, stored.type, stored.tenant, stored.object_id, stored.order_key,
        stored.occurred_at, unified_type=None, error=error,
    )  # fmt: skip


def _newest(
    found: Iterable[tuple[StoredEvent, Read, str | None]],
) -> dict[ObjectKey, Version]:
    newest: dict[ObjectKey, Version] = {}
    for stored, read, kind in found:
        if kind is None or read.object_id is None:
            continue
        key = ObjectKey(read.tenant, kind, read.object_id)
        this = version(read.occurred_at, stored.received_at, stored.id)
        newest[key] = max(this, newest.get(key, this))
    return newest
