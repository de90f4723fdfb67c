"""Reading events that were received, and putting them into the queues of the sinks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from integration_monitor.ingest.arrival import arrival_of
from integration_monitor.ingest.event_reading import ReadEvent, id_of_content
from integration_monitor.ingest.processing.mapping import Mapper, Unmappable, Within
from integration_monitor.ingest.processing.unified_event import version
from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.signals.wording import count
from integration_monitor.store import (
    webhook_deliveries,
    webhook_objects,
    webhook_queue,
    webhook_split,
)
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_intake import Arrival
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
        found = [_named(connection, _read(event, mapper)) for event in taken]
        wholes = {one.stored.id: _split(one) for one in found if one.within}
        webhook_split.split(connection, wholes, now)
        webhook_objects.see(connection, integration, _newest(found))
        read = [one.read for one in found]
        webhook_deliveries.withdraw(connection, [one.id for one in read if one.replaced])
        known = webhook_queue.queue(connection, integration, read, webhooks.sinks, now)
        webhook_deliveries.settle(connection, known, now)
    dead = sum(one.error is not None for one in read)
    replaced = sum(one.replaced is not None for one in read)
    unified = sum(one.unified_type is not None for one in read)
    return Queued(len(read), dead, len(read) - dead - replaced - unified)


class _Found(NamedTuple):
    stored: StoredEvent
    read: Read
    kind: str | None = None
    """What it is about."""
    event: ReadEvent | None = None
    """What it says; None where it cannot be handed on as it is."""
    within: tuple[ReadEvent, ...] = ()
    """The events that it holds, and is replaced by."""


def _read(stored: StoredEvent, mapper: Mapper) -> _Found:
    try:
        found = mapper.read(stored)
    except Unmappable as error:
        return _Found(stored, _as_it_was(stored, error=str(error)))
    except Exception as error:  # noqa: BLE001 - one event must not hold up all that come after it
        mistake = f"our own mistake: {type(error).__name__}"
        return _Found(stored, _as_it_was(stored, error=mistake))
    if isinstance(found, Within):
        replaced = f"replaced by {count(len(found.events), 'event')} within its body"
        return _Found(stored, _as_it_was(stored, replaced=replaced), within=found.events)
    event, rule = found.event, found.rule
    read = Read(
        stored.id, event.type, event.tenant, event.object_id, event.order_key, event.occurred_at,
        unified_type=rule.type if rule else None,
    )  # fmt: skip
    return _Found(stored, read, rule.kind if rule else None, event)


def _named(connection: sa.Connection, found: _Found) -> _Found:
    """Where the manifest knew of no id when the event came, it gets the one that it has now."""
    stored, event = found.stored, found.event
    if event is None or stored.event_id != id_of_content(stored.digest):
        return found
    name = event.event_id, event.digest
    if name == (stored.event_id, stored.digest):
        return found
    if webhook_queue.rename(connection, stored.id, *name):
        return found
    replaced = f"the same event is there already, as {event.event_id}"
    return _Found(stored, _as_it_was(stored, replaced=replaced))


def _as_it_was(
    stored: StoredEvent, *, error: str | None = None, replaced: str | None = None
) -> Read:
    return Read(
        stored.id, stored.type, stored.tenant, stored.object_id, stored.order_key,
        stored.occurred_at, unified_type=None, error=error, replaced=replaced,
    )  # fmt: skip


def _split(found: _Found) -> Arrival:
    stored = found.stored
    return arrival_of(
        found.within,
        integration=stored.integration,
        connection=stored.connection,
        received_at=stored.received_at,
        headers=json.dumps(dict(stored.headers)),
        body=stored.body,
    )


def _newest(found: Iterable[_Found]) -> dict[ObjectKey, Version]:
    newest: dict[ObjectKey, Version] = {}
    for stored, read, kind, *_ in found:
        if kind is None or read.object_id is None:
            continue
        key = ObjectKey(read.tenant, kind, read.object_id)
        this = version(read.occurred_at, stored.received_at, stored.id)
        newest[key] = max(this, newest.get(key, this))
    return newest
