"""What was read of a request, as it is stored. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from integration_monitor.ingest.event_reading import ReadEvent
from integration_monitor.store.webhook_intake import Arrival, NewEvent


def arrival_of(
    events: Sequence[ReadEvent],
    *,
    integration: str,
    connection: str,
    received_at: datetime,
    headers: str,
    body: bytes,
) -> Arrival:
    """The events of one request; `headers` are those that are kept, as JSON."""
    new = [
        NewEvent(
            integration,
            connection,
            event.event_id,
            event.digest,
            event.type,
            event.tenant,
            event.object_id,
            event.order_key,
            event.occurred_at,
            received_at,
            headers,
            event.body,
            event.entry,
        )
        for event in events
    ]
    is_list = bool(events) and events[0].entry is not None
    return Arrival(new, body if is_list else None)
